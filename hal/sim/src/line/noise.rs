//! The noise of a line: a dry cable hisses, a wet one crackles.

use dsp::level::power_of;

/// A cable with more noise than this is wet.
const DRY_DBM0: i8 = -50;
/// Crackles last 2 to 20 ms, with 20 to 200 ms between them: a part of 1/11 of the time.
const CRACKLE: (u32, u32) = (16, 160);
const BETWEEN: (u32, u32) = (160, 1_600);
/// Nine tenths of a wet cable's noise are crackles, the rest hisses: both as parts of its mean power.
const CRACKLE_POWER: f32 = 0.9 * 11.0;
const HISS_POWER: f32 = 0.1;

/// A source of noise, the same for everybody who begins with it.
#[derive(Debug)]
pub(super) struct Noise {
    state: u32,
    crackles: bool,
    /// Samples until a crackle begins or ends.
    left: u32,
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            state: 0x2545_f491,
            crackles: false,
            left: BETWEEN.1,
        }
    }
}

impl Noise {
    /// The next sample of noise with this mean power.
    pub(super) fn next(&mut self, dbm0: i8) -> f32 {
        let part = if dbm0 <= DRY_DBM0 {
            1.0
        } else if self.is_crackling() {
            CRACKLE_POWER
        } else {
            HISS_POWER
        };
        let white = f32::from((self.draw() >> 16) as u16 as i16) / 32_768.0;
        // A uniform value of ±a has the power a²/3.
        white * (3.0 * part * power_of(i16::from(dbm0))).sqrt()
    }

    fn is_crackling(&mut self) -> bool {
        if self.left == 0 {
            self.crackles = !self.crackles;
            let (least, most) = if self.crackles { CRACKLE } else { BETWEEN };
            self.left = least + self.draw() % (most - least + 1);
        }
        self.left -= 1;
        self.crackles
    }

    /// xorshift32: repeats after 2³² − 1 draws.
    fn draw(&mut self) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        self.state
    }
}
