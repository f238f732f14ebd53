//! Keys that people press, which may come in two forms for one press.

use core::time::Duration;

use model::Instant;

/// How long after one form of a key the other form of the same press may come.
const TWIN_WITHIN: Duration = Duration::from_secs(1);

/// In which form a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// On the media path, as telephone event or tone.
    Media,
    /// In SIP INFO.
    Info,
}

/// Keys heard in one form whose twins in the other form have not come.
///
/// Only forms are compared, never the keys: a phone that sends both forms sends both for every key,
/// and keys are not on the tape.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Twins(Option<(Form, u8, Instant)>);

impl Twins {
    /// Whether a key is a press of its own and not the twin of one that was heard.
    pub(super) fn is_new(&mut self, now: Instant, form: Form) -> bool {
        match &mut self.0 {
            Some((ahead, waiting, at)) if now.since(*at) <= TWIN_WITHIN && *waiting > 0 => {
                if *ahead == form {
                    (*waiting, *at) = (waiting.saturating_add(1), now);
                    return true;
                }
                *waiting -= 1;
                false
            }
            _ => {
                self.0 = Some((form, 1, now));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_that_comes_in_two_forms_is_one() {
        let mut twins = Twins::default();
        let mut heard = |ms, form| twins.is_new(Instant::from_millis(ms), form);
        let (media, info) = (Form::Media, Form::Info);
        assert!(heard(0, info) && !heard(60, media), "one after the other");
        assert!(
            heard(200, media) && !heard(210, info),
            "the other way round"
        );
        assert!(heard(400, info) && heard(500, info));
        assert!(
            !heard(550, media) && !heard(600, media),
            "two, and their twins"
        );
        assert!(
            heard(700, media) && heard(5_000, info),
            "much later is another press"
        );
    }
}
