use super::metrics::{self, VoiceMetrics};
use super::{
    EXTENDED, GOODBYE, RECEIVER_REPORT, ReportBlock, SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
};

/// The compound that a participant of a two-party session sends (RFC 3550 §6.1): a report, its
/// canonical name, and a goodbye at the end.
#[derive(Clone, Copy, Debug)]
pub struct Compound<'a> {
    /// Our synchronisation source.
    pub ssrc: u32,
    /// What we sent; `None` makes it a receiver report (nothing sent since the last two reports).
    pub sender: Option<SenderInfo>,
    /// What we received.
    pub block: Option<ReportBlock>,
    /// Canonical name, up to 255 octets; a random one tells nobody who we are (RFC 7022).
    pub cname: &'a str,
    /// What we think of what we hear, if the far end asked (RFC 3611).
    pub metrics: Option<VoiceMetrics>,
    /// Whether we leave.
    pub goodbye: bool,
}

impl Compound<'_> {
    /// Writes the compound and returns its length; `None` if `out` is too short (24 octets, 20 of
    /// a sender, 24 of a block, the name, 44 of metrics and 8 of a goodbye suffice) or the name too long.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer { out, at: 0 };
        let blocks = u8::from(self.block.is_some());
        let block_words = u16::from(blocks).saturating_mul(6);
        match self.sender {
            Some(info) => {
                writer.header(blocks, SENDER_REPORT, block_words.saturating_add(6))?;
                writer.word(self.ssrc)?;
                writer.word((info.ntp >> 32) as u32)?;
                writer.word(info.ntp as u32)?;
                writer.word(info.timestamp)?;
                writer.word(info.packets)?;
                writer.word(info.octets)?;
            }
            None => {
                writer.header(blocks, RECEIVER_REPORT, block_words.saturating_add(1))?;
                writer.word(self.ssrc)?;
            }
        }
        if let Some(block) = self.block {
            writer.block(&block)?;
        }
        self.describe(&mut writer)?;
        if let Some(metrics) = self.metrics {
            let [w0, w1] = metrics::WORDS.to_be_bytes();
            writer.header(0, EXTENDED, metrics::WORDS.saturating_add(2))?;
            writer.word(self.ssrc)?;
            writer.octets(&[metrics::KIND, 0, w0, w1])?;
            writer.octets(&metrics.write())?;
        }
        if self.goodbye {
            writer.header(1, GOODBYE, 1)?;
            writer.word(self.ssrc)?;
        }
        Some(writer.at)
    }

    /// RFC 3550 §6.5: one chunk with one item, ended by one to four zeros to a border of four.
    fn describe(&self, writer: &mut Writer<'_>) -> Option<()> {
        const CNAME: u8 = 1;
        let length = u8::try_from(self.cname.len()).ok()?;
        let zeros = 4_usize.saturating_sub(self.cname.len().saturating_add(2) & 3);
        let octets = self.cname.len().saturating_add(2).saturating_add(zeros);
        let words = u16::try_from(octets / 4).ok()?.saturating_add(1);
        writer.header(1, SOURCE_DESCRIPTION, words)?;
        writer.word(self.ssrc)?;
        writer.octets(&[CNAME, length])?;
        writer.octets(self.cname.as_bytes())?;
        writer.octets([0; 4].get(..zeros)?)
    }
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn octets(&mut self, octets: &[u8]) -> Option<()> {
        let end = self.at.saturating_add(octets.len());
        self.out.get_mut(self.at..end)?.copy_from_slice(octets);
        self.at = end;
        Some(())
    }

    fn word(&mut self, word: u32) -> Option<()> {
        self.octets(&word.to_be_bytes())
    }

    /// `words` counts what follows the header.
    fn header(&mut self, count: u8, kind: u8, words: u16) -> Option<()> {
        self.octets(&[0x80 | count, kind])?;
        self.octets(&words.to_be_bytes())
    }

    fn block(&mut self, block: &ReportBlock) -> Option<()> {
        let reception = &block.reception;
        let lost = reception.lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        self.word(reception.ssrc)?;
        self.word(u32::from(reception.fraction_lost) << 24 | lost)?;
        self.word(reception.highest)?;
        self.word(reception.jitter)?;
        self.word(block.last_sr)?;
        self.word(block.delay_since_last_sr)
    }
}
