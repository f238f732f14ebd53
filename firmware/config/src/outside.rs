//! Which numbers lead out of the office.

use crate::Config;

/// Digits of a number that leads out without a prefix: at least so many, and more than any inside
/// number has. What is shorter is more likely an extension with a slip.
const OUTSIDE_DIGITS_MIN: usize = 5;
/// Digits of the longest number that is dialled outside: E.164 and an access code.
const OUTSIDE_DIGITS_MAX: usize = 24;

/// A number to be dialled outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutsideCall<'d> {
    /// The digits, without the prefix.
    pub number: &'d str,
    /// It is an emergency number of the country.
    pub emergency: bool,
}

impl Config {
    /// Whether `dialled`, which nobody inside has, leads out of the office: an emergency number
    /// always; after the prefix of `[codes] outside`; and a long number without it.
    #[must_use]
    pub fn outside<'d>(&self, dialled: &'d str) -> Option<OutsideCall<'d>> {
        let after_prefix = self.after_prefix(dialled);
        for number in [Some(dialled), after_prefix].into_iter().flatten() {
            if self.country.emergency.iter().any(|e| e == number) {
                return Some(OutsideCall {
                    number,
                    emergency: true,
                });
            }
        }
        if !self.lines.iter().any(|line| line.outgoing) {
            return None;
        }
        let least = match after_prefix {
            Some(_) => 1,
            None => OUTSIDE_DIGITS_MIN.max(self.inside_digits_max() + 1),
        };
        let number = after_prefix.unwrap_or(dialled);
        let legal = is_number(number) && (least..=OUTSIDE_DIGITS_MAX).contains(&number.len());
        legal.then_some(OutsideCall {
            number,
            emergency: false,
        })
    }

    /// Whether more digits after these can lead out of the office.
    pub(crate) fn may_lead_out(&self, digits: &str) -> bool {
        if self
            .outside(digits)
            .is_some_and(|outside| outside.emergency)
        {
            return false;
        }
        let begins = |number: &str| number.len() > digits.len() && number.starts_with(digits);
        let after_prefix = self.after_prefix(digits);
        let emergency = self.country.emergency.iter();
        let more = emergency.map(String::as_str).any(|number| {
            begins(number) || after_prefix.is_some_and(|rest| number.starts_with(rest))
        });
        let prefix = self.codes.outside.as_ref();
        let on_the_way = prefix.is_some_and(|prefix| prefix.as_str().starts_with(digits));
        let rest = after_prefix.unwrap_or(digits);
        let room = rest.len() < OUTSIDE_DIGITS_MAX;
        let lines = self.lines.iter().any(|line| line.outgoing);
        more || (lines && (on_the_way || (is_number(rest) && room)))
    }

    fn after_prefix<'d>(&self, dialled: &'d str) -> Option<&'d str> {
        let prefix = self.codes.outside.as_ref()?;
        let rest = dialled.strip_prefix(prefix.as_str())?;
        (!rest.is_empty()).then_some(rest)
    }
}

fn is_number(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
