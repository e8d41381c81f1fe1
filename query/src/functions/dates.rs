//! The Gregorian calendar in UTC, for any second that 64 bits can count.

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateField {
    Minute,
    Hour,
    DayOfWeek,
    DayOfMonth,
    DayOfYear,
    DaysInMonth,
    Month,
    Year,
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

const SECONDS_PER_DAY: i64 = 86_400;

/// The day so many days after 1970-01-01. Years are counted from March, so that the leap day is
/// the last of its year; 400 of them have 146,097 days.
fn date_of(days: i64) -> Date {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    Date { year: era * 400 + year_of_era + i64::from(month <= 2), month, day }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl DateField {
    /// The field of the moment so many seconds after the epoch, fractions cut off.
    pub(crate) fn of(self, seconds: f64) -> f64 {
        self.of_second(seconds as i64)
    }

    /// The field of the moment so many whole seconds after the epoch.
    pub(crate) fn of_second(self, seconds: i64) -> f64 {
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let second_of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let date = date_of(days);
        let field = match self {
            Self::Minute => second_of_day / 60 % 60,
            Self::Hour => second_of_day / 3_600,
            Self::DayOfWeek => (days + 4).rem_euclid(7),
            Self::DayOfMonth => date.day,
            Self::DayOfYear => {
                (1..date.month).map(|m| days_in_month(date.year, m)).sum::<i64>() + date.day
            }
            Self::DaysInMonth => days_in_month(date.year, date.month),
            Self::Month => date.month,
            Self::Year => date.year,
        };
        field as f64
    }
}

/// `1970-01-01T00:00:00Z`.
pub(crate) fn rfc3339(seconds: i64) -> String {
    let date = date_of(seconds.div_euclid(SECONDS_PER_DAY));
    let second = seconds.rem_euclid(SECONDS_PER_DAY);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year,
        date.month,
        date.day,
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::{DateField, rfc3339};

    #[test]
    fn dates() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
        assert_eq!(DateField::DayOfYear.of(1_709_251_199.9), 60.0);
        assert_eq!(DateField::DayOfWeek.of(0.0), 4.0);
        assert_eq!(DateField::DaysInMonth.of(1_709_251_199.0), 29.0);
    }

    #[test]
    fn any_number_has_a_date() {
        for seconds in [f64::NAN, f64::INFINITY, -1e300] {
            assert!(DateField::Year.of(seconds).is_finite());
        }
    }
}
