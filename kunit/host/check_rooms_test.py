#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each rule of rooms is broken once in a small tree, and the checker says so."""
import pathlib
import tempfile
import unittest

import check_rooms

C = "// SPDX-License-Identifier: GPL-2.0\n"
H = "/* SPDX-License-Identifier: GPL-2.0 */\n"

# A tree that keeps all rules.
RIGHT = {
    "dma/core/region.h": H + "#pragma once\n#include <cstdint>\n#include \"dma/core/result.h\"\n"
                             "namespace dmamap {}\n",
    "dma/core/result.h": H + "#pragma once\n#include <expected>\n",
    "dma/core/layer.h": H + "#pragma once\n#include \"dma/strategy/snooped.h\"\n",
    "dma/strategy/snooped.h": H + "#pragma once\n#include \"dma/core/region.h\"\n",
    "dma/strategy/unmap.h": H + "#pragma once\n#include \"dma/core/region.h\"\n",
    "dma/abi/types.h": H + "#ifdef __cplusplus\n#include <cstdint>\nusing u = int;\n#else\n"
                           "#include <linux/types.h>\n#endif\n",
    "dma/abi/status.h": H + "#include \"dma/core/result.h\"\nnamespace dmamap {}\n",
    "dma/include/dmamap.h": H + "#include <linux/types.h>\n",
    "dma/glue/region/region.h": H + "#include \"dma/abi/types.h\"\n",
    "dma/glue/region/life.c": C + "#include \"dma/glue/region/region.h\"\n",
    "dma/glue/watch/trace.h": H,
    "arch/arm/machine.c": C + "#include \"dma/abi/types.h\"\n#ifdef CONFIG_ARM_LPAE\n#endif\n",
    "hca/driver/pci.c": C + "/* not for CONFIG_X86 alone */\n#include <dmamap.h>\n",
    "arch/arm/user/barrier.h": H + "#ifdef __arm__\n#endif\n",
    "kunit/host/tool.py": "#!/usr/bin/env python3\n# SPDX-License-Identifier: GPL-2.0\n",
    "Kbuild": "# SPDX-License-Identifier: GPL-2.0\nx-$(CONFIG_ARM) := arm\n",
    "README.md": "no license line\n",
}


class CheckRoomsTest(unittest.TestCase):
    def breaches(self, **changes):
        """Breaches of the right tree after some of its files changed."""
        with tempfile.TemporaryDirectory() as root:
            for name, text in (RIGHT | changes).items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_rooms.breaches(root)

    def expect_one(self, name, text, words):
        found = self.breaches(**{name: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(name + ":", found[0])
        self.assertIn(words, found[0])

    def test_right_tree_has_none(self):
        self.assertEqual(self.breaches(), [])

    def test_license(self):
        for name in ("dma/glue/region/new.c", "kunit/new.sh", "CMakeLists.txt"):
            self.expect_one(name, "\n", "SPDX")
            self.expect_one(name, "# SPDX-License-Identifier: MIT\n", "SPDX")
            self.expect_one(name, "\n# SPDX-License-Identifier: GPL-2.0\n", "SPDX")

    def test_core_knows_no_boundary_no_machine_no_kernel(self):
        for header in ("dma/abi/types.h", "dma/glue/region/region.h", "linux/types.h", "backend.h",
                       "arch/arm/machine.c"):
            for name in ("dma/core/new.h", "dma/strategy/new.h"):
                self.expect_one(name, H + f'#include "{header}"\n', "core and strategies")
        self.expect_one("dma/core/new.h", H + '#include "../abi/types.h"\n', "core and")
        self.expect_one("dma/core/new.h", H + '#include "dma/strategy/unmap.h"\n', "no strategy")

    def test_glue_rooms(self):
        self.expect_one("dma/glue/new.h", H, "in no room")
        self.expect_one("dma/glue/user/second.h", H, "second header")
        for room, header in (("region", "user/user_map.h"), ("region", "watch/watch.h"),
                             ("machine", "watch/watch.h"), ("user", "watch/watch.h")):
            self.expect_one(f"dma/glue/{room}/new.c", C + f'#include "dma/glue/{header}"\n',
                            f"the room {room} knows only")
        for room in ("region", "machine", "user", "watch"):
            self.assertEqual(self.breaches(**{
                f"dma/glue/{room}/new.c": C + '#include "dma/glue/watch/trace.h"\n'
                                              '#include "dma/glue/region/region.h"\n'}), [])

    def test_kernel_c_sees_no_cxx(self):
        self.expect_one("dma/glue/region/new.c", C + '#include "dma/abi/status.h"\n', "is C++")
        self.expect_one("arch/arm/machine.c", C + '#include "dma/core/region.h"\n', "is C++")
        self.expect_one("arch/x86/machine.c", C + "#include <cstdint>\n", "is C++")
        self.expect_one("dma/samples/new.c", C + "#include <cstdint>\n", "is C++")
        self.expect_one("dma/glue/region/new.c", C + "#ifndef __cplusplus\n#include <span>\n#endif\n",
                        "is C++")
        found = self.breaches(**{"dma/glue/region/region.h": H + '#include "dma/core/result.h"\n'})
        self.assertTrue(any("dma/glue/region/life.c:" in breach for breach in found), found)

    def test_drivers_use_the_interface_only(self):
        for header in ("dma/abi/types.h", "dma/glue/region/region.h", "../../dma/abi/types.h"):
            for driver in ("hca/driver/pci.c", "dma/samples/sample.c", "dma/samples/sample.cc"):
                self.expect_one(driver, C + f'#include "{header}"\n', "dma/include")
        self.assertEqual(self.breaches(**{
            "dma/samples/ring.h": H,
            "dma/samples/sample.c": C + '#include <dmamap.h>\n#include "ring.h"\n',
        }), [])
        # KUnit itself is the kernel's, what our suites share is not for drivers.
        self.assertEqual(self.breaches(**{
            "hca/driver/kunit/ring_kunit.c": C + "#include <kunit/test.h>\n"}), [])
        self.expect_one("hca/driver/pci.c", C + '#include "kunit/suites/suite.h"\n',
                        "dma/include")

    def test_machines_are_named_in_their_rooms(self):
        for line in ("#ifdef CONFIG_ARM", "#if IS_ENABLED(CONFIG_X86_64)", "#ifdef __arm__",
                     "#if defined(__hppa__)", "#ifdef CONFIG_PARISC"):
            self.expect_one("dma/glue/region/life.c", C + line + "\n#endif\n", "says")
            self.expect_one("hca/driver/pci.c", C + line + "\n#endif\n", "says")

    def test_neutral_rooms_name_no_machine(self):
        for line in ("int kArm;", "int arm_unmap;", "int kArmCma;", "int of_ARM;",
                     'const char *name = "arm";'):
            self.expect_one("kunit/host/layer_test.cc", C + line + "\n", "says")
            self.expect_one("dma/glue/region/life.c", C + line + "\n", "says")
        for line in ("int alarm;", "int harmless;", "int kWarm;", "int Armed;", "int x86;"):
            self.assertEqual(self.breaches(**{"dma/glue/region/life.c": C + line + "\n"}), [])
        self.assertEqual(self.breaches(**{
            "hca/driver/irq.c": C + "int arm;\n",
            "kunit/prove/cases.cc": C + 'const char *profile = "arm";\n'}), [])

    def test_comments_are_no_breach(self):
        self.assertEqual(self.breaches(**{
            "dma/glue/region/life.c": C + "/*\n * CONFIG_ARM\n#include <cstdint>\n */\n// __arm__\n",
        }), [])


if __name__ == "__main__":
    unittest.main()
