//! Registers of the Si3050 with its line side (3050 "Control registers").

/// Bit 7 = software reset, clears itself.
pub(super) const CONTROL_1: u8 = 1;
pub(super) const SOFTWARE_RESET: u8 = 0x80;
/// 0x03 after a reset. 7 = the pin is an interrupt, 2 = at both edges of ringing, 1 hybrid, 0 receive.
pub(super) const CONTROL_2: u8 = 2;
pub(super) const CONTROL_2_RESET: u8 = 0x03;
pub(super) const CONTROL_2_SERVICE: u8 = 0x07;
pub(super) const INTERRUPT_PIN: u8 = 0x80;
pub(super) const INTERRUPT_MASK: u8 = 3;
/// Ringing, line side lost, line's power lost, polarity.
pub(super) const INTERRUPTS: u8 = 0xa9;
/// Sticky, write 0 to clear.
pub(super) const INTERRUPT_SOURCE: u8 = 4;
/// 6 and 5: voltage beyond the ring threshold now, negative and positive; 3 on-hook monitor; 2 ringing;
/// 0 off hook.
pub(super) const DAA_CONTROL_1: u8 = 5;
pub(super) const RING_NOW: u8 = 0x60;
pub(super) const MONITOR: u8 = 0x08;
pub(super) const RINGING: u8 = 0x04;
pub(super) const OFF_HOOK: u8 = 0x01;
/// 4 = line side powered down.
pub(super) const DAA_CONTROL_2: u8 = 6;
/// 7:4 = line side's identity.
pub(super) const LINE_SIDE: u8 = 11;
pub(super) const LINE_SIDE_SI3019: u8 = 0x3;
/// 6 = isolation link locked. Bits 7 and 5 read 0.
pub(super) const LINE_STATUS: u8 = 12;
pub(super) const LINK_UP: u8 = 0x40;
pub(super) const LINE_STATUS_ZERO: u8 = 0xa0;
pub(super) const INTERNATIONAL_1: u8 = 16;
/// 5 = no calibration of the converter at off hook, 3 = overload protection.
pub(super) const INTERNATIONAL_2: u8 = 17;
pub(super) const NO_CALIBRATION: u8 = 0x20;
pub(super) const OVERLOAD_PROTECTION: u8 = 0x08;
pub(super) const INTERNATIONAL_3: u8 = 18;
pub(super) const FULL_WAVE: u8 = 0x02;
/// 0 = too much current.
pub(super) const INTERNATIONAL_4: u8 = 19;
pub(super) const OVERLOADED: u8 = 0x01;
pub(super) const RING_VALIDATION_1: u8 = 22;
pub(super) const RING_VALIDATION_2: u8 = 23;
pub(super) const RING_VALIDATION_3: u8 = 24;
/// 5 = no resistor calibration at off hook.
pub(super) const RESISTOR_CALIBRATION: u8 = 25;
pub(super) const NO_RESISTOR_CALIBRATION: u8 = 0x20;
pub(super) const DC_TERMINATION: u8 = 26;
/// 1.1 mA a step; V, signed.
pub(super) const LOOP_CURRENT: u8 = 28;
pub(super) const LINE_VOLTAGE: u8 = 29;
pub(super) const AC_TERMINATION: u8 = 30;
/// 7 full scale +3.2 dBm, 6:5 off-hook counter, 3 OHS2, 1 high-pass, 0 low voltages are told.
pub(super) const DAA_CONTROL_5: u8 = 31;
pub(super) const FULL_SCALE: u8 = 0x80;
pub(super) const COUNTER_128_MS: u8 = 0x20;
pub(super) const COUNTER_8_MS: u8 = 0x60;
pub(super) const COUNTER: u8 = 0x60;
pub(super) const HIGH_PASS: u8 = 0x02;
pub(super) const LOW_VOLTAGES: u8 = 0x01;
pub(super) const PCM_MODE: u8 = 33;
pub(super) const PCM_ENABLE: u8 = 0x20;
pub(super) const PCM_LINEAR_16: u8 = 0x18;
pub(super) const PCM_A_LAW: u8 = 0x00;
pub(super) const PCM_MU_LAW: u8 = 0x08;
pub(super) const TX_START: u8 = 34;
pub(super) const RX_START: u8 = 36;
/// Whole dB and tenths of dB to the line; from the line one register further each.
pub(super) const TX_GAIN_2: u8 = 38;
pub(super) const RX_GAIN_2: u8 = 39;
pub(super) const TX_GAIN_3: u8 = 40;
pub(super) const RX_GAIN_3: u8 = 41;
pub(super) const ATTENUATION: u8 = 0x10;
/// 6 and 4 = spark quench.
pub(super) const SPARK_QUENCH: u8 = 59;
