// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a board. The kernel command line names one job
 * (dmamap.job=); init does that job, prints its results on the console, and
 * powers the board off:
 *
 *	@dmamap KEY VALUE		a value
 *	@dmamap test NAME		a test program starts
 *	@dmamap rc NAME CODE		the program ended; 128 + signal if killed
 *	@dmamap done CODE		the job is over, 0 is good
 *
 * Jobs: run, test (dmamap.tests=NAME,NAME,... or all, dmamap.seconds=N for each),
 * kunit, xray, stock, refusal, figures, messages, stress (MESSAGES=N),
 * fabric (NODES=1,2,3 MESSAGES=N).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hca_abi.h"
#include "init.h"

#define DEBUGFS		"/sys/kernel/debug"
#define LAYER		DEBUGFS "/dmamap/"
#define HELLO		"/bin/hca-hello"
#define TESTS		"/tests"
#define TEST_SECONDS	60
#define HELLO_SECONDS	75	/* longer than its own, which says more */
#define FABRIC		"/bin/hca-fabric"
#define FABRIC_SECONDS	600
#define STRESS		"/bin/hca-stress"
#define STRESS_SECONDS	660	/* longer than its own, which says more */
#define MESSAGES	"/bin/hca-figures"
#define MESSAGES_SECONDS 600	/* of a clock that may run ahead */
#define MAX_TESTS	64

char cmdline[2048];

void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("@dmamap ", stdout);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
}

/* Copies the value of a kernel parameter; returns 0 if there is no such parameter. */
static int parameter(const char *name, char *value, size_t size)
{
	size_t length = strlen(name);
	const char *at = cmdline;

	while ((at = strstr(at, name))) {
		if ((at == cmdline || at[-1] == ' ') && at[length] == '=') {
			at += length + 1;
			snprintf(value, size, "%.*s", (int)strcspn(at, " \n"), at);
			return 1;
		}
		at += length;
	}
	return 0;
}

static void mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) && errno != EBUSY)
		tell("error can't mount %s: %s", where, strerror(errno));
}

/*
 * Some tests expect SIGSEGV. A kernel that reports it on the console would print
 * into the middle of a line of TAP.
 */
static void be_quiet_about_faults(void)
{
	FILE *file = fopen("/proc/sys/debug/exception-trace", "w");

	if (file) {
		fputs("0\n", file);
		fclose(file);
	}
}

static void mount_all(void)
{
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", DEBUGFS);
	mount_at("tmpfs", "/tmp");
	mount_at("tmpfs", "/dev/shm");
}

static void read_cmdline(void)
{
	FILE *file = fopen("/proc/cmdline", "r");

	if (!file || !fgets(cmdline, sizeof(cmdline), file))
		tell("error can't read /proc/cmdline");
	if (file)
		fclose(file);
}

/* Prints every line "KEY VALUE" of a file, with PREFIX before the key. */
static int tell_file(const char *path, const char *prefix)
{
	FILE *file = fopen(path, "r");
	char line[512];

	if (!file) {
		tell("error can't read %s: %s", path, strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		tell("%s%s", prefix, line);
	}
	fclose(file);
	return 0;
}

static void tell_meminfo(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128], name[32];
	unsigned long kib;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%31[^:]: %lu", name, &kib) == 2 &&
		    !strcmp(name, key))
			tell("memory.%s_kib %lu", key, kib);
	if (file)
		fclose(file);
}

static void tell_board(void)
{
	struct utsname system;
	double uptime = 0;
	FILE *file = fopen("/proc/uptime", "r");

	uname(&system);
	tell("kernel %s", system.release);
	tell("machine %s", system.machine);
	tell("cpus %ld", sysconf(_SC_NPROCESSORS_ONLN));
	if (file && fscanf(file, "%lf", &uptime) == 1)
		tell("boot_ms %.0f", uptime * 1000);
	if (file)
		fclose(file);
	tell_meminfo("MemTotal");
	tell_meminfo("HighTotal");
}

/* Waits for a child, and kills it after @seconds; returns the exit code, shell style. */
static int wait_for(pid_t child, unsigned int seconds)
{
	int status = 0;

	for (unsigned int tick = 0; tick < seconds * 50; tick++) {
		if (waitpid(child, &status, WNOHANG) == child)
			goto ended;
		usleep(20000);
	}
	tell("error killed after %u s", seconds);
	kill(-child, SIGKILL);
	waitpid(child, &status, 0);
ended:
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* Runs a program in a process group of its own, so that its children are killed with it. */
static int run(const char *program, const char *argument, unsigned int seconds)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0) {
		tell("error can't fork: %s", strerror(errno));
		return 126;
	}
	if (!child) {
		setpgid(0, 0);
		execl(program, program, argument, NULL);
		printf("can't run %s: %s\n", program, strerror(errno));
		fflush(stdout);
		_exit(127);
	}
	setpgid(child, child);
	return wait_for(child, seconds);
}

/* Opens a context of the HCA: its regions live as long as the file is open. */
static int open_context(void)
{
	struct hca_context_info info = { .abi = HCA_ABI_VERSION };
	int file = open(HCA_DEVICE_NODE, O_RDWR | O_CLOEXEC);

	if (file < 0) {
		tell("error can't open %s: %s", HCA_DEVICE_NODE,
		     strerror(errno));
	} else if (ioctl(file, HCA_IOC_OPEN_CONTEXT, &info)) {
		tell("error can't open a context: %s", strerror(errno));
		close(file);
		file = -1;
	}
	return file;
}

/* The program has NODES and MESSAGES of the kernel command line in its environment. */
static int job_fabric(void)
{
	return run(FABRIC, "--report", FABRIC_SECONDS);
}

static int job_run(void)
{
	int context = open_context(), code;

	if (context < 0)
		return 1;
	code = run(HELLO, "--report", HELLO_SECONDS);
	tell("hello.code %d", code);
	code |= tell_file(LAYER "stats", "stats.");
	code |= tell_file(LAYER "audit", "audit.");
	close(context);
	return code;
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Names of all test programs, sorted. */
static int list_tests(char *names[])
{
	DIR *folder = opendir(TESTS);
	struct dirent *entry;
	int count = 0;

	while (folder && (entry = readdir(folder)) && count < MAX_TESTS)
		if (entry->d_name[0] != '.')
			names[count++] = strdup(entry->d_name);
	if (folder)
		closedir(folder);
	qsort(names, count, sizeof(names[0]), by_name);
	return count;
}

/* Seconds that a test may take; the runner may give more than the usual. */
static unsigned int test_seconds(void)
{
	char value[16];

	if (parameter("dmamap.seconds", value, sizeof(value)))
		return strtoul(value, NULL, 10);
	return TEST_SECONDS;
}

static int run_test(const char *name)
{
	char path[300];
	int code;

	snprintf(path, sizeof(path), TESTS "/%s", name);
	tell("test %s", name);
	code = run(path, NULL, test_seconds());
	tell("rc %s %d", name, code);
	return code != 0;
}

/* The runner counts failed tests. The job itself fails only if there is no test. */
static int job_test(void)
{
	char wanted[1024], *names[MAX_TESTS], *next = wanted, *name;
	int count;

	if (parameter("dmamap.tests", wanted, sizeof(wanted))) {
		while ((name = strsep(&next, ",")))
			run_test(name);
		return 0;
	}
	count = list_tests(names);
	if (!count)
		tell("error no program in " TESTS);
	for (int i = 0; i < count; i++)
		run_test(names[i]);
	return count == 0;
}

/* The kernel has run KUnit before init started. */
static int job_kunit(void)
{
	return 0;
}

/* A frame of a flipped region: the first that the layer lists. */
static int live_frame(unsigned long long *pfn)
{
	FILE *file = fopen(LAYER "regions", "r");
	char line[512], *at;
	int found = 0;

	while (file && !found && fgets(line, sizeof(line), file)) {
		at = strstr(line, ": adopted, ") ? NULL : strstr(line, " pfn ");
		found = at && sscanf(at, " pfn %lli", (long long *)pfn) == 1;
	}
	if (file)
		fclose(file);
	return found;
}

/* Asks for a frame and prints the answer, one sighting a line. */
static int ask_frame(int file, unsigned long long pfn)
{
	char answer[8192], *next = answer, *line;
	int count = 0, length;

	length = snprintf(answer, sizeof(answer), "%#llx\n", pfn);
	if (write(file, answer, length) != length)
		return 1;
	length = read(file, answer, sizeof(answer) - 1);
	if (length <= 0)
		return 1;
	answer[length] = 0;
	while ((line = strsep(&next, "\n")))
		if (*line)
			tell("xray.frame.%d %s", count++, line);
	return 0;
}

/* Writes nonsense and prints the error that comes back; the file stays open. */
static void tell_refusal(int file, const char *key, const char *text)
{
	ssize_t written = write(file, text, strlen(text));

	tell("xray.frame.%s %s", key, written < 0 ? strerror(errno) : "accepted");
}

static int job_frame(void)
{
	int file = open(LAYER "frame", O_RDWR), bad = 1;
	unsigned long long pfn;
	char byte;

	if (file < 0 || !live_frame(&pfn)) {
		tell("error no frame to ask for: %s", strerror(errno));
		return 1;
	}
	tell("xray.frame.early %s", read(file, &byte, 1) < 0 ? strerror(errno) : "read");
	tell_refusal(file, "word", "frame");
	tell_refusal(file, "beyond", "0xfffffffffffff");
	bad = ask_frame(file, pfn);
	close(file);
	return bad;
}

/*
 * Keeps messages of the kernel from ending up in the middle of a printed line.
 * Warnings and worse still appear.
 */
static void be_quiet_about_news(void)
{
	FILE *file = fopen("/proc/sys/kernel/printk", "w");

	if (file) {
		fputs("5\n", file);
		fclose(file);
	}
}

/* X-rays stock allocations beside the layer, and one frame, while a context is open. */
static int job_xray(void)
{
	int context = open_context(), code;

	if (context < 0)
		return 1;
	be_quiet_about_news();
	code = tell_file(LAYER "stock", "xray.");
	code |= tell_file(LAYER "audit", "audit.");
	code |= tell_file(LAYER "quarantine", "quarantine.");
	code |= job_frame();
	close(context);
	return code;
}

/* X-rays stock allocations alone, on a board where the layer may refuse. */
static int job_stock(void)
{
	be_quiet_about_news();
	return tell_file(LAYER "stock", "xray.");
}

/*
 * For a board that can't keep its strategy: prints what the layer says, and what
 * opening the HCA returns. The counts come last: a refusal must leave nothing behind.
 */
static int job_refusal(void)
{
	int file = open(HCA_DEVICE_NODE, O_RDWR);

	tell("hca_open %s", file < 0 ? strerror(errno) : "works");
	tell_file(LAYER "strategy", "strategy ");
	be_quiet_about_news();
	if (tell_file(LAYER "stock", "xray.") || tell_file(LAYER "stats", "stats."))
		return 1;
	return file >= 0;
}

/* The layer measures when the file is read. */
static int job_figures(void)
{
	return tell_file(LAYER "figures", "figures.");
}

static int job_stress(void)
{
	char messages[16] = "1000000", argument[32];

	parameter("MESSAGES", messages, sizeof(messages));
	snprintf(argument, sizeof(argument), "--messages=%s", messages);
	return run(STRESS, argument, STRESS_SECONDS);
}

/* Measures the cost of a message; needs the chip, which has a clock of its own. */
static int job_messages(void)
{
	return run(MESSAGES, "--report", MESSAGES_SECONDS);
}

static const struct job {
	const char *name;
	int (*run)(void);
} jobs[] = {
	{ "run", job_run },
	{ "test", job_test },
	{ "kunit", job_kunit },
	{ "xray", job_xray },
	{ "stock", job_stock },
	{ "refusal", job_refusal },
	{ "figures", job_figures },
	{ "messages", job_messages },
	{ "stress", job_stress },
	{ "fabric", job_fabric },
};

static int do_job(void)
{
	char name[32] = "";

	parameter("dmamap.job", name, sizeof(name));
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (!strcmp(jobs[i].name, name))
			return jobs[i].run();
	tell("error no job named '%s'", name);
	return 2;
}

int main(void)
{
	mount_all();
	be_quiet_about_faults();
	read_cmdline();
	tell_board();
	load_modules();
	tell("done %d", do_job());
	sync();
	reboot(RB_AUTOBOOT);	/* the emulator ends here: -no-reboot */
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
