// SPDX-License-Identifier: GPL-2.0
// 19 and 21: what goes through a socket, files of the mapper and the memory that they map.
#include "mapping.h"

#include <sys/socket.h>

#include <linux/vm_sockets.h>	/* needs that before it */
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

namespace mapping {

namespace {

/// Both ends of a connection.
class Pair {
public:
	enum class Kind { local, zerocopy };

	explicit Pair(Check &check, Kind kind = Kind::local)
	{
		const bool made = kind == Kind::local ?
					  !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_) :
					  connect_to_itself();

		if (!check.ok(made, "a connection: %s", strerror(errno)))
			check.stop();
	}
	Pair(const Pair &) = delete;
	~Pair() { shut(); }

	void shut()
	{
		for (int &end : ends_)
			close(std::exchange(end, -1));
	}
	[[nodiscard]] int operator[](int end) const { return ends_[end]; }

private:
	/// Sends without a copy, to the same machine, too: what the receiver reads is the
	/// sender's page.
	bool connect_to_itself()
	{
		const int one = 1, listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
		sockaddr_vm address = {};
		socklen_t bytes = sizeof(address);
		auto *const any = reinterpret_cast<sockaddr *>(&address);

		address.svm_family = AF_VSOCK;
		address.svm_cid = VMADDR_CID_LOCAL;
		address.svm_port = VMADDR_PORT_ANY;
		ends_[0] = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(listener, any, bytes) || listen(listener, 1) ||
		    getsockname(listener, any, &bytes) || connect(ends_[0], any, bytes) ||
		    setsockopt(ends_[0], SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
			return false;
		ends_[1] = accept(listener, nullptr, nullptr);
		close(listener);
		return ends_[1] >= 0;
	}

	int ends_[2] = {-1, -1};
};

int send_file(int socket, int fd)
{
	alignas(cmsghdr) char room[CMSG_SPACE(sizeof(fd))] = {};
	char byte = 0;
	iovec what = {&byte, 1};
	msghdr message = {};

	message.msg_iov = &what;
	message.msg_iovlen = 1;
	message.msg_control = room;
	message.msg_controllen = sizeof(room);

	cmsghdr *const header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return result(sendmsg(socket, &message, 0));
}

int receive_file(int socket)
{
	alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
	char byte;
	iovec what = {&byte, 1};
	msghdr message = {};
	int fd = -1;

	message.msg_iov = &what;
	message.msg_iovlen = 1;
	message.msg_control = room;
	message.msg_controllen = sizeof(room);
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/// Between the end of its owner and its arrival nobody has the file.
void file_in_a_message(Check &check)
{
	const Counts before = Counts::now();
	{
		const Pair pair(check);

		check.gives(0, child_signal([&] {
			const File file;

			file.fill(file.alloc(page_bytes()), 1);
			if (send_file(pair[0], file.fd()))
				abort();
		}), "its owner sends it, and ends");

		const File file = File::given(receive_file(pair[1]));
		expect_usable(check, file);
	}
	expect_soon(check, before);
}

void message_for_nobody(Check &check)
{
	const Counts before = Counts::now();
	{
		Pair pair(check);
		File file;

		file.fill(file.alloc(page_bytes()), 1);
		check.gives(0, send_file(pair[0], file.fd()), "send");
		file.shut();
		check.ok(Counts::now().buffers > before.buffers, "it is on its way");
		pair.shut();
	}
	expect_soon(check, before);
}

/// A socket that is sent through itself is nobody's: the kernel looks for such, and finds
/// the mapper's file in it.
void message_to_itself(Check &check)
{
	const Counts before = Counts::now();
	{
		Pair pair(check);
		File file;

		file.fill(file.alloc(page_bytes()), 1);
		check.gives(0, send_file(pair[0], file.fd()), "send");
		check.gives(0, send_file(pair[0], pair[1]), "send the receiver");
		file.shut();
		pair.shut();
		const Pair another(check);	/* and another one that closes, so it looks */
	}
	expect_soon(check, before);
}

constexpr std::size_t kPages = 4;

void sent_without_a_copy(Check &check)
{
	const Counts before = Counts::now();
	{
		const Pair pair(check, Pair::Kind::zerocopy);
		const File file;
		const std::size_t bytes = kPages * page_bytes();
		const long id = file.alloc(bytes, MAPPER_SNOOPING);
		Map map = file.map(id, bytes);
		std::vector<std::uint32_t> got(bytes / sizeof(std::uint32_t));

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			return;
		check.gives(static_cast<long>(bytes), send(pair[0], map.data(), bytes, MSG_ZEROCOPY),
			    "send");
		file.fill(id, 2);	/* so late: it is the page that was sent */
		map.unmap();
		check.gives(0, file.free(id), "free");
		for (int i = 0; i < 32; ++i)
			file.fill(file.alloc(bytes, MAPPER_SNOOPING), 3);
		check.gives(static_cast<long>(bytes),
			    recv(pair[1], got.data(), bytes, MSG_WAITALL), "receive");

		std::size_t wrong = 0;

		for (std::uint32_t i = 0; i < got.size(); ++i)
			wrong += got[i] != mapper_word(2, i);
		check.gives(0, static_cast<long>(wrong), "words changed on the way");
	}
	expect_soon(check, before);
}

void flipped_is_not_sent(Check &check)
{
	const Pair pair(check, Pair::Kind::zerocopy);
	const File file;
	const long id = file.alloc(page_bytes());
	const Map map = file.map(id, page_bytes());
	char byte;

	file.fill(id, 1);
	if (!check.gives(0, map.error(), "maps"))
		return;
	for (const bool touched : {false, true}) {
		if (touched)
			read_signal(map.data());
		check.refused(result(send(pair[0], map.data(), page_bytes(), MSG_ZEROCOPY)),
			      "%s", touched ? "touched" : "fresh");
	}
	check.gives(-EAGAIN, result(recv(pair[1], &byte, 1, MSG_DONTWAIT)), "what has arrived");
	check.gives(static_cast<long>(page_bytes()), send(pair[0], map.data(), page_bytes(), 0),
		    "with a copy");
	check.gives(0, file.check(id, 1), "words changed");
}

constexpr Case kCases[] = {
	{"19 snooped memory is sent without a copy", sent_without_a_copy, MAPPER_HAS_PAGES},
	{"19 flipped memory is not sent without a copy", flipped_is_not_sent},
	{"21 a file in a message keeps its buffers", file_in_a_message},
	{"21 a message for nobody gives them back", message_for_nobody},
	{"21 and one that holds itself, too", message_to_itself},
};

} // namespace

std::span<const Case> socket_cases() { return kCases; }

} // namespace mapping
