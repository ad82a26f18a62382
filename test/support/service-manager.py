"""Stands in for systemd: holds a listening socket and a notify socket, and starts programs on them.

Reads a line of JSON for each program, {"command": [...], "environment": {...}}, and writes a line for all that
happens: {"port"}, {"started": pid}, {"state", "pid"}, {"ended": pid, "code"}.
"""

import array
import json
import os
import socket
import struct
import sys
import tempfile
import threading

lock = threading.Lock()
services = set()


def say(**event):
    with lock:
        print(json.dumps(event), flush=True)


def service(pid):
    """The service that a process belongs to. Only root's systemd-notify can speak in its parent's name; systemd goes by the control group."""
    try:
        while pid > 1 and pid not in services:
            with open(f"/proc/{pid}/stat") as stat:
                pid = int(stat.read().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0
    return pid


def states(notify):
    size = socket.CMSG_SPACE(struct.calcsize("3i")) + socket.CMSG_SPACE(16)
    while True:
        data, ancillary, _, _ = notify.recvmsg(4096, size)
        pid = 0
        for _, kind, payload in ancillary:
            if kind == socket.SCM_CREDENTIALS:
                pid = service(struct.unpack("3i", payload[: struct.calcsize("3i")])[0])
            elif kind == socket.SCM_RIGHTS:
                # systemd-notify waits until its end of the pipe is closed.
                descriptors = array.array("i")
                descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
                for descriptor in descriptors:
                    os.close(descriptor)
        for line in data.decode().splitlines():
            if line != "BARRIER=1":
                say(state=line, pid=pid)


def start(listener, path, command, environment):
    pid = os.fork()
    if pid == 0:
        listener.set_inheritable(True)
        if listener.fileno() != 3:
            os.dup2(listener.fileno(), 3)
        os.closerange(4, 256)
        given = {**environment, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()), "NOTIFY_SOCKET": path}
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        os.dup2(2, 1)
        os.execvpe(command[0], command, given)
    services.add(pid)
    say(started=pid)
    threading.Thread(target=wait, args=(pid,), daemon=True).start()


def wait(pid):
    _, status = os.waitpid(pid, 0)
    say(ended=pid, code=os.waitstatus_to_exitcode(status))


def main():
    folder = tempfile.mkdtemp(prefix="notify-")
    path = os.path.join(folder, "notify")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    threading.Thread(target=states, args=(notify,), daemon=True).start()
    say(port=listener.getsockname()[1])
    for line in sys.stdin:
        program = json.loads(line)
        start(listener, path, program["command"], program["environment"])
    os.unlink(path)
    os.rmdir(folder)


main()
