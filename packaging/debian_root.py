"""A Debian in a folder of its own, to try a package in: made by debootstrap, entered by chroot. Needs root."""

import os
import shutil
import subprocess
import time
from pathlib import Path

ENTER = """
mount -t proc proc "$1/proc"
mkdir -p -m 1777 "$1/tmp/.X11-unix"
mount --bind /tmp/.X11-unix "$1/tmp/.X11-unix"
if [ "$2" = read-only ]; then mount --bind "$1/usr" "$1/usr" && mount -o remount,bind,ro "$1/usr"; fi
shift 2
exec "$@"
"""
UID = "61234"
"""No process of this machine has it, so that whatever is left running is found."""


class Root:
    """A fresh Debian with one ordinary user, whose name has a space and an umlaut."""

    user = "Jörg Müller"

    def __init__(self, bare, folder):
        """bare: what debootstrap made; it is copied."""
        self.folder = Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", bare, self.folder], check=True)
        (self.folder / "dev/shm").chmod(0o1777)  # as everywhere where a system has started
        self.home = self.folder / "home" / self.user
        self.home.mkdir(mode=0o700)
        os.chown(self.home, int(UID), int(UID))
        with (self.folder / "etc/passwd").open("a") as file:
            file.write(f"{self.user}:x:{UID}:{UID}::/home/{self.user}:/bin/sh\n")
        with (self.folder / "etc/group").open("a") as file:
            file.write(f"{self.user}:x:{UID}:\n")

    def administrate(self, *command):
        """What the command says, as root, with the network. Raises CalledProcessError."""
        environment = [
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND=noninteractive",
            "LANG=C.UTF-8",
        ]
        done = subprocess.run(
            self._entered("chroot", self.folder, *environment, *command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} in {self.folder.name}: {said[-3000:]}")
        return said

    def update(self):
        self.administrate("apt-get", "update", "-q", "-o", "Acquire::Languages=none")

    def install(self, *packages):
        """apt's words; a path is of a file in the root."""
        return self.administrate("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages)

    def take_in(self, path):
        """Put a file into the root; its path there."""
        target = self.folder / "srv" / Path(path).name
        shutil.copyfile(path, target)
        target.chmod(0o755)
        return f"/srv/{target.name}"

    def start(self, *command, display=None, online=False, read_only=False, **environment):
        """A process of the user's: without network, sound and D-Bus, in his home. Its words can be read from stdout."""
        variables = {
            "HOME": f"/home/{self.user}",
            "USER": self.user,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }
        variables |= {"DISPLAY": display} if display else {}
        settings = [f"{name}={value}" for name, value in (variables | environment).items() if value is not None]
        enter = [
            "chroot",
            f"--userspec={UID}:{UID}",
            self.folder,
            "env",
            "-i",
            f"--chdir={variables['HOME']}",
            *settings,
        ]
        return subprocess.Popen(
            self._entered(*enter, *command, online=online, read_only=read_only),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )

    def run(self, *command, **options):
        """(exit status, what it said) of a process of the user's."""
        process = self.start(*command, **options)
        said = process.communicate(timeout=600)[0].decode("utf-8", "replace")
        return process.returncode, said

    def left_running(self, patience_s=5.0):
        """The command lines of the user's processes that are still there after some seconds."""
        until = time.monotonic() + patience_s
        while (found := self.processes()) and time.monotonic() < until:
            time.sleep(0.1)
        return list(found.values())

    def processes(self):
        """Process id → command line, of all that the user runs."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if entry.stat().st_uid == int(UID) and (line := (entry / "cmdline").read_bytes()):
                        found[int(entry.name)] = line.replace(b"\0", b" ").decode("utf-8", "replace").strip()
                except OSError:
                    continue  # it ended just now
        return found

    def processor_seconds(self):
        """What all that the user runs has computed so far."""
        ticks = 0
        for number in self.processes():
            try:
                fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def folders(self):
        """Every folder outside the homes and what the system itself keeps in motion."""
        return {
            path
            for path in self._paths(("proc", "home", "tmp", "var/lib", "var/cache", "var/log", "run"))
            if path[-1:] == "/"
        }

    def written_since(self, moment):
        """Files and folders outside the home that changed after `moment` (time.time())."""
        changed = []
        for name in self._paths(("proc", f"home/{self.user}", "tmp/.X11-unix")):
            try:
                if (self.folder / name).lstat().st_ctime > moment:
                    changed.append("/" + name)
            except FileNotFoundError:
                continue
        return [name for name in changed if name != "/tmp/"]  # its own time stamp tells of files that came and went

    def home_files(self):
        """Path below the home → (size, time changed), of every file; folders end with a /."""
        found = {}
        for path in sorted(self.home.rglob("*")):
            state = path.lstat()
            name = str(path.relative_to(self.home))
            found.update(
                {name + "/": None}
                if path.is_dir() and not path.is_symlink()
                else {name: (state.st_size, state.st_mtime_ns)}
            )
        return found

    def _paths(self, without):
        for top, folders, files in os.walk(self.folder):
            here = os.path.relpath(top, self.folder).removeprefix(".").lstrip("/")
            folders[:] = [name for name in folders if os.path.join(here, name) not in without]
            yield from (os.path.join(here, name) for name in files)
            yield from (
                os.path.join(here, name) + "/" for name in folders if not os.path.islink(os.path.join(top, name))
            )

    def _entered(self, *command, online=True, read_only=False):
        apart = ["unshare", "--mount", "--propagation=private", *([] if online else ["--net"])]
        return [*apart, "sh", "-ec", ENTER, "enter", self.folder, "read-only" if read_only else "writable", *command]


def bare(suite, cache):
    """What debootstrap makes of a Debian's name such as "bookworm", from `cache` where it was made before."""
    folder = Path(cache).absolute() / suite
    if not (folder / "etc/debian_version").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", suite, folder, *mirror()], check=True, stdout=subprocess.DEVNULL
        )
    return folder


def mirror():
    """Where this machine itself gets Debian's packages from; nothing where it is no Debian, and debootstrap knows one."""
    asked = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"]
    lines = [line.split(" ", 1) for line in subprocess.check_output(asked, text=True).splitlines()]
    return [place for origin, place in lines if origin == "Debian" and "security" not in place][:1]
