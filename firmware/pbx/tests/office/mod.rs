//! Exchanges that have all they need from the start; the phones of their people have the password `s3cret`.

use std::{collections::BTreeMap, sync::Arc};

use config::{Config, SecretId};
use model::{Binding, Fingerprint, Now, PairId, Seq};
use pbx::{Jack, Keys, Pbx, Setup};

/// An office of two people, Jan (2005) and Ewa (2006, with noise taken out).
pub(crate) const TEXT: &str = r#"
[office]
country = "PL"
[[person]]
id = "jan"
name = "Jan"
extension = "2005"
sip_password = { secret = "phone" }
[[person]]
id = "ewa"
name = "Ewa"
extension = "2006"
denoise = true
sip_password = { secret = "phone" }
"#;
/// Port pairs that wait, the first at `PORT_FIRST`.
const PAIRS: u16 = 8;
const PORT_FIRST: u16 = 20_000;

/// The exchange of an office at 0 ms, with these jacks and registrations.
pub(crate) fn exchange(text: &str, jacks: Vec<Jack>, bindings: Vec<Binding>) -> Pbx {
    let pairs = (0..PAIRS).map(|n| (PairId(u32::from(n)), PORT_FIRST + 2 * n));
    let setup = Setup {
        config: Arc::new(Config::parse(text).expect("a legal text")),
        version: 1,
        jacks,
        bindings,
        md5: Vec::new(),
        next_seq: Seq(1),
        seed: [5; 32],
        media_legs: 16,
        pairs: pairs.collect(),
        external: None,
        flows: (Vec::new(), 0),
        fingerprint: Some(Fingerprint([7; 32])),
        line_tones: Vec::new(),
        line_balance: Vec::new(),
        lifelines: Vec::new(),
        messages: Vec::new(),
        resumed: false,
    };
    let id = SecretId::new("phone").expect("a legal id");
    let keys = Keys::new([9; 32], BTreeMap::from([(id, "s3cret".to_owned())]));
    Pbx::new(now(0), setup, Box::new(keys))
}

/// So many ms after the start.
pub(crate) fn now(ms: u64) -> Now {
    Now {
        mono: model::Instant::from_millis(ms),
        wall: model::Wall::from_secs(1_800_000_000).plus(std::time::Duration::from_millis(ms)),
        ..Now::default()
    }
}
