//! A line profile's gains as the kernel's tables.

use dsp::g711::Law;
use hal_port::LineProfile;

use crate::{Channel, Errno, Request};

fn table(octets: &mut [u8], tenth_db: i16) {
    let factor = 10_f32.powf(f32::from(tenth_db) / 200.0);
    for (code, octet) in (0..=u8::MAX).zip(octets) {
        *octet = if tenth_db == 0 {
            code
        } else {
            Law::A.encode((f32::from(Law::A.decode(code)) * factor) as i16)
        };
    }
}

/// Sets both gains.
pub(crate) fn set(channel: &dyn Channel, profile: &LineProfile) -> Result<(), Errno> {
    let mut gains = [0; 516];
    if let Some((from_line, to_line)) = gains.get_mut(4..).and_then(|g| g.split_at_mut_checked(256))
    {
        table(from_line, profile.from_line_tenth_db);
        table(to_line, profile.to_line_tenth_db);
    }
    channel.request(Request::SET_GAINS, &mut gains)
}
