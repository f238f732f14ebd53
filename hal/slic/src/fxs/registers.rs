//! Direct registers of the Si3210 and Si3215, by the names of the data sheet (3215 "Register
//! summary"; those marked * 3230, reserved on the Si3215).

/// Revision in 3:0; daisy chain, SDO mode, part in the rest.
pub(super) const SPI_MODE: u8 = 0;
/// Bit 7 = Si3215. PCM enable, format.
pub(super) const PCM_MODE: u8 = 1;
pub(super) const PCM_PART_3215: u8 = 0x80;
pub(super) const PCM_ENABLE: u8 = 0x20;
pub(super) const PCM_LINEAR_16: u8 = 0x1c;
pub(super) const PCM_A_LAW: u8 = 0x00;
pub(super) const PCM_MU_LAW: u8 = 0x08;
/// Start counts of the PCM slots, low byte and two high bits.
pub(super) const TX_START: u8 = 2;
pub(super) const RX_START: u8 = 4;
/// 0x02 after a reset: how one is noticed.
pub(super) const LOOPBACK: u8 = 8;
/// Analog gains: 3:2 from the line, 1:0 to the line.
pub(super) const AUDIO_GAIN: u8 = 9;
pub(super) const IMPEDANCE: u8 = 10;
pub(super) const IMPEDANCE_ON: u8 = 0x08;
/// Hybrid of metering (6:4) and sound (2:0).
pub(super) const HYBRID: u8 = 11;
pub(super) const HYBRID_NOMINAL: u8 = 0x33;
pub(super) const POWER_DOWN_1: u8 = 14;
pub(super) const DC_DC_OFF: u8 = 0x10;
/// Sticky, write 1 to clear: timers; power alarms 7:2 = Q6–Q1, 1 hook changed, 0 ring trip; indirect.
pub(super) const STATUS_1: u8 = 18;
pub(super) const STATUS_2: u8 = 19;
pub(super) const STATUS_3: u8 = 20;
pub(super) const ALARMS: u8 = 0xfc;
pub(super) const RING_TRIPPED: u8 = 0x01;
pub(super) const ENABLE_1: u8 = 21;
pub(super) const ENABLE_2: u8 = 22;
pub(super) const ENABLE_3: u8 = 23;
/// Indirect access: data, address (its write starts), busy.
pub(super) const INDIRECT_LOW: u8 = 28;
pub(super) const INDIRECT_HIGH: u8 = 29;
pub(super) const INDIRECT_ADDRESS: u8 = 30;
pub(super) const INDIRECT_STATUS: u8 = 31;
/// Oscillators: off all the time but the ringing one, which the linefeed starts.
pub(super) const RING_OSCILLATOR: u8 = 34;
/// * Metering oscillator: bit 2 = on.
pub(super) const METERING: u8 = 35;
pub(super) const METERING_ON: u8 = 0x04;
/// What the line driver does: 6:4 really, 2:0 as commanded.
pub(super) const LINEFEED: u8 = 64;
/// Battery: bit 0 follows the loop.
pub(super) const BATTERY_FEED: u8 = 66;
pub(super) const BATTERY_TRACK: u8 = 0x01;
/// What the chip does by itself: open on alarm (0), active on hook (1) and ring trip (2).
pub(super) const AUTOMATIC: u8 = 67;
pub(super) const AUTOMATIC_ALL: u8 = 0x07;
/// 0 loop closed, 1 ring trip.
pub(super) const HOOK: u8 = 68;
pub(super) const HOOK_CLOSED: u8 = 0x01;
pub(super) const HOOK_TRIPPED: u8 = 0x02;
/// Debounce of loop closure and ring trip in 1.25 ms.
pub(super) const LOOP_DEBOUNCE: u8 = 69;
pub(super) const TRIP_DEBOUNCE: u8 = 70;
/// 20 mA + 3 mA × n.
pub(super) const CURRENT_LIMIT: u8 = 71;
/// 1.5 V a step: on-hook voltage (bit 6 = sign), common mode, high battery.
pub(super) const ON_HOOK_VOLTS: u8 = 72;
pub(super) const COMMON_MODE_VOLTS: u8 = 73;
pub(super) const BATTERY_VOLTS: u8 = 74;
/// 1.5 V a step, bit 6 = reversed; 1.25 mA a step.
pub(super) const LOOP_VOLTAGE: u8 = 78;
pub(super) const LOOP_CURRENT: u8 = 79;
/// 0.376 V a step.
pub(super) const BATTERY_SENSE: u8 = 82;
/// Currents of Q5 and Q6, for the manual calibration.
pub(super) const Q5_CURRENT: u8 = 88;
/// DC-DC converter: period, least off time and peak current calibration (bit 7).
pub(super) const DC_DC_PERIOD: u8 = 92;
pub(super) const DC_DC_DELAY: u8 = 93;
pub(super) const DC_DC_DELAY_SET: u8 = 0x19;
pub(super) const DC_DC_CALIBRATE: u8 = 0x80;
pub(super) const CALIBRATION_1: u8 = 96;
pub(super) const CALIBRATE: u8 = 0x40;
pub(super) const CALIBRATION_2: u8 = 97;
/// Gain mismatch of RING; TIP's follows.
pub(super) const RING_MISMATCH: u8 = 98;
pub(super) const MISMATCH_MIDDLE: u8 = 0x10;
pub(super) const MISMATCH_MAX: u8 = 0x1f;
/// Peak current of the converter, found by its calibration.
pub(super) const PEAK_CURRENT: u8 = 107;
/// Current limit raised after ringing (7), fast converter (5), its noise squelched (1), hook
/// hysteresis (0).
pub(super) const ENHANCEMENT: u8 = 108;
pub(super) const ENHANCEMENT_SET: u8 = 0xa3;

/// States of [`LINEFEED`] (3215 register 64).
pub(super) mod feed {
    pub(crate) const OPEN: u8 = 0;
    pub(crate) const FORWARD: u8 = 1;
    pub(crate) const FORWARD_SOUND: u8 = 2;
    pub(crate) const RINGING: u8 = 4;
    /// Added to the forward states.
    pub(crate) const REVERSED: u8 = 4;
}
