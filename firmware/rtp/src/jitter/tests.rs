use super::*;
#[test]
fn empty_is_idle() {
    let mut out = [1; 80];
    assert_eq!(JitterBuffer::new().pull(&mut out), Run::Idle(80));
    assert_eq!(out, [0; 80]);
}
