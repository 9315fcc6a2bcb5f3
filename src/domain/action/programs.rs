//! What Interlock knows about programs that run in pods, as data. Adding a row to `LOOKS` lets a program run at Tier 0
//! without an approval, so each says why it can't change anything.

/// Which arguments keep a program on the read-only list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// All of them.
    Anything,
    /// All of them, unless one names a file that may hold a secret.
    Paths,
    /// All without these flags, and none that names a file that may hold a secret.
    Without(&'static [&'static str]),
    /// Exactly one of these.
    OneOf(&'static [&'static [&'static str]]),
    /// The first word is one of these, and what follows only says of what.
    Subcommand(&'static [&'static str]),
    /// See `programs_http`.
    Curl,
    Wget,
}

#[derive(Debug)]
pub(crate) struct Look {
    pub program: &'static str,
    pub shape: Shape,
}

const fn look(program: &'static str, shape: Shape) -> Look {
    Look { program, shape }
}

/// Programs that only look. Standard input is closed and there is no shell, so nothing can be redirected.
pub(crate) const LOOKS: &[Look] = &[
    // Prints files; may hold secrets, hence the paths are read.
    look("cat", Shape::Paths),
    look("head", Shape::Paths),
    look("tail", Shape::Without(&["-f", "-F", "--follow", "--retry"])),
    look("wc", Shape::Paths),
    look("grep", Shape::Paths),
    look("egrep", Shape::Paths),
    look("fgrep", Shape::Paths),
    look("cut", Shape::Paths),
    look("zcat", Shape::Paths),
    look("md5sum", Shape::Paths),
    look("sha256sum", Shape::Paths),
    // Prints names, sizes and links of files.
    look("ls", Shape::Anything),
    look("stat", Shape::Anything),
    look("du", Shape::Anything),
    look("df", Shape::Anything),
    look("readlink", Shape::Anything),
    look("realpath", Shape::Anything),
    look("test", Shape::Anything),
    // Prints the state of the system. `ps e` and `ps auxe` would print environments, hence the forms.
    look(
        "ps",
        Shape::OneOf(&[
            &[],
            &["aux"],
            &["-ef"],
            &["-e"],
            &["-A"],
            &["ax"],
            &["-aux"],
            &["auxf"],
            &["axf"],
        ]),
    ),
    look("free", Shape::Without(&["-s", "--seconds"])),
    look("uptime", Shape::Anything),
    look("nproc", Shape::Anything),
    look("uname", Shape::Anything),
    look("id", Shape::Anything),
    look("whoami", Shape::Anything),
    look("pwd", Shape::Anything),
    look("pgrep", Shape::Anything),
    look(
        "vmstat",
        Shape::OneOf(&[&[], &["-s"], &["1", "1"], &["1", "2"], &["1", "3"]]),
    ),
    look(
        "top",
        Shape::OneOf(&[&["-b", "-n1"], &["-b", "-n", "1"], &["-bn1"]]),
    ),
    // `date WORD` sets the clock; only a format may stand here.
    look(
        "date",
        Shape::OneOf(&[&[], &["-u"], &["+%s"], &["-u", "+%s"], &["-Is"]]),
    ),
    look("hostname", Shape::OneOf(&[&[], &["-f"], &["-i"], &["-I"]])),
    look("mount", Shape::OneOf(&[&[]])),
    look("true", Shape::Anything),
    look("echo", Shape::Anything),
    // Asks the network; `ss -K` would close sockets.
    look(
        "ss",
        Shape::Without(&["-K", "--kill", "-D", "--diag", "-E", "--events"]),
    ),
    look("netstat", Shape::Without(&["-c", "--continuous"])),
    look("nslookup", Shape::Anything),
    look("dig", Shape::Without(&["-f", "-k"])),
    look(
        "getent",
        Shape::Subcommand(&["hosts", "ahosts", "ahostsv4", "ahostsv6", "services", "protocols"]),
    ),
    look("curl", Shape::Curl),
    look("wget", Shape::Wget),
    // Servers checking themselves.
    look(
        "nginx",
        Shape::OneOf(&[&["-t"], &["-T"], &["-tq"], &["-t", "-q"], &["-v"], &["-V"]]),
    ),
    look(
        "apachectl",
        Shape::OneOf(&[&["-t"], &["configtest"], &["-S"], &["-v"]]),
    ),
    look("httpd", Shape::OneOf(&[&["-t"], &["-S"], &["-v"]])),
    look("php-fpm", Shape::OneOf(&[&["-t"], &["-v"]])),
    look("pg_isready", Shape::Anything),
    look(
        "mysqladmin",
        Shape::OneOf(&[&["ping"], &["status"], &["version"]]),
    ),
    look(
        "rabbitmq-diagnostics",
        Shape::OneOf(&[
            &["ping"],
            &["status"],
            &["check_running"],
            &["alarms"],
            &["memory_breakdown"],
        ]),
    ),
    look(
        "rabbitmqctl",
        Shape::Subcommand(&[
            "status",
            "list_queues",
            "list_connections",
            "list_channels",
            "list_consumers",
            "cluster_status",
            "ping",
        ]),
    ),
    look("supervisorctl", Shape::Subcommand(&["status"])),
    look(
        "systemctl",
        Shape::Subcommand(&["status", "is-active", "is-failed", "is-enabled", "list-units"]),
    ),
    look(
        "etcdctl",
        Shape::OneOf(&[
            &["endpoint", "health"],
            &["endpoint", "status"],
            &["member", "list"],
            &["alarm", "list"],
        ]),
    ),
    look("java", Shape::OneOf(&[&["-version"], &["--version"]])),
];

/// A wrapper that changes neither the inner command nor its rights; `words` stand between it and the inner program.
#[derive(Debug)]
pub(crate) struct Wrapper {
    pub name: &'static str,
    pub words: usize,
}

/// `env` and `sudo` are not here: they change what the inner program is.
pub(crate) const WRAPPERS_THAT_LOOK: &[Wrapper] = &[
    Wrapper {
        name: "timeout",
        words: 1,
    },
    Wrapper {
        name: "nice",
        words: 0,
    },
    Wrapper {
        name: "busybox",
        words: 0,
    },
    Wrapper {
        name: "nohup",
        words: 0,
    },
];

/// Programs whose argument is a script.
pub(crate) const SHELLS: &[&str] = &[
    "sh", "bash", "ash", "dash", "zsh", "ksh", "fish", "csh", "tcsh", "rbash",
];

/// Programs with an option that takes a script or a statement.
pub(crate) const INTERPRETERS: &[&str] = &[
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "php",
    "lua",
    "awk",
    "gawk",
    "mawk",
    "sed",
    "psql",
    "mysql",
    "mariadb",
    "mongo",
    "mongosh",
    "sqlite3",
    "clickhouse-client",
    "cqlsh",
    "eval",
    "xargs",
    "env",
    "sudo",
    "su",
    "ssh",
    "find",
    "busybox",
    "nsenter",
    "chroot",
    "redis-cli",
    "valkey-cli",
];

#[derive(Debug)]
pub(crate) struct Danger {
    pub program: &'static str,
    /// Goes on after the program's name.
    pub what: &'static str,
}

const fn danger(program: &'static str, what: &'static str) -> Danger {
    Danger { program, what }
}

/// Programs that destroy data, stop something, or reach outside their pod.
pub(crate) const DESTRUCTIVE: &[Danger] = &[
    danger("rm", "deletes files"),
    danger("rmdir", "deletes directories"),
    danger("unlink", "deletes files"),
    danger("shred", "destroys files"),
    danger("truncate", "empties files"),
    danger("dd", "overwrites files and disks"),
    danger("mkfs", "formats a disk"),
    danger("mke2fs", "formats a disk"),
    danger("mkswap", "formats a disk"),
    danger("wipefs", "erases a disk"),
    danger("blkdiscard", "erases a disk"),
    danger("fdisk", "changes partitions"),
    danger("sfdisk", "changes partitions"),
    danger("sgdisk", "changes partitions"),
    danger("parted", "changes partitions"),
    danger("lvremove", "deletes a volume"),
    danger("vgremove", "deletes volumes"),
    danger("umount", "takes a file system away"),
    danger("swapoff", "takes memory away"),
    danger("kill", "stops a process"),
    danger("pkill", "stops processes"),
    danger("killall", "stops processes"),
    danger("killall5", "stops every process"),
    danger("shutdown", "stops the machine"),
    danger("reboot", "restarts the machine"),
    danger("halt", "stops the machine"),
    danger("poweroff", "stops the machine"),
    danger("init", "changes the run level"),
    danger("telinit", "changes the run level"),
    danger("kubectl", "acts on a cluster past Interlock's own checks"),
    danger("helm", "acts on a cluster past Interlock's own checks"),
    danger("oc", "acts on a cluster past Interlock's own checks"),
    danger("docker", "acts on the node"),
    danger("podman", "acts on the node"),
    danger("crictl", "acts on the node"),
    danger("ctr", "acts on the node"),
    danger("nerdctl", "acts on the node"),
    danger("nsenter", "acts on the node"),
    danger("iptables", "changes the network"),
    danger("ip6tables", "changes the network"),
    danger("nft", "changes the network"),
    danger("passwd", "changes identities"),
    danger("chpasswd", "changes identities"),
    danger("useradd", "changes identities"),
    danger("userdel", "changes identities"),
    danger("usermod", "changes identities"),
    danger("dropdb", "deletes a database"),
    danger("dropuser", "deletes a database user"),
    danger("pg_resetwal", "destroys a database's log"),
    danger("terraform", "changes infrastructure"),
    danger("aws", "acts on a cloud account"),
    danger("gcloud", "acts on a cloud account"),
    danger("az", "acts on a cloud account"),
];

/// Words that make an argument suspicious wherever they stand in it: in a statement, in a script, as a subcommand.
pub(crate) const DESTRUCTIVE_WORDS: &[&str] = &[
    "drop",
    "truncate",
    "delete",
    "xdelete",
    "deleteone",
    "deletemany",
    "dropdatabase",
    "remove",
    "destroy",
    "purge",
    "wipe",
    "erase",
    "alter",
    "grant",
    "revoke",
    "update",
    "insert",
    "flush_all",
    "flushall",
    "flushdb",
    "shutdown",
    "reboot",
    "halt",
    "poweroff",
    "kill",
    "pkill",
    "killall",
    "rm",
    "rmdir",
    "mkfs",
    "dd",
    "shred",
    "unlink",
    "rmtree",
    "kubectl",
    "helm",
    "docker",
    "del",
    "reset",
    "forget_cluster_node",
    "purge_queue",
    "delete_queue",
];
