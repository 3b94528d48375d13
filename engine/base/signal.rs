//! Names of signals.

/// `SIGSEGV`, or `signal 40` for one without a name. Numbers are those of Linux.
pub fn signal_name(signal: i32) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
        "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
        "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    let name = usize::try_from(signal - 1).ok().and_then(|at| NAMES.get(at));
    name.map_or_else(|| format!("signal {signal}"), |name| format!("SIG{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_their_names() {
        assert_eq!(
            [6, 9, 11, 15, 31].map(signal_name).join(" "),
            "SIGABRT SIGKILL SIGSEGV SIGTERM SIGSYS"
        );
        assert_eq!([0, -1, 40].map(signal_name).join(" "), "signal 0 signal -1 signal 40");
        assert_eq!(signal_name(i32::MIN + 1), format!("signal {}", i32::MIN + 1));
    }
}
