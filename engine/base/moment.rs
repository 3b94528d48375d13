//! Moments as people and programs read them: `2026-11-27T05:40:07Z`.

/// A moment, in ns since the epoch, in UTC as RFC 3339 writes it, to the second.
pub fn show_moment(ns: i64) -> String {
    let seconds = ns.div_euclid(1_000_000_000);
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date of a day, counted from 1970-01-01 on. Years begin in March here, so that a leap day comes
/// last. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_by_everybody() {
        let show = |seconds: i64| show_moment(seconds * 1_000_000_000);
        assert_eq!(show(0), "1970-01-01T00:00:00Z");
        assert_eq!(show(-1), "1969-12-31T23:59:59Z");
        assert_eq!(show(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(show(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(show(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(show_moment(1_795_757_999_999_999_999), "2026-11-27T05:39:59Z");
        assert_eq!(show_moment(i64::MAX), "2262-04-11T23:47:16Z");
    }
}
