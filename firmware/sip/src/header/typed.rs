//! What headers mean: views made on demand from the text.

use super::{HeaderName, Headers};
use crate::{
    CSeq, Event, Fault, MediaType, NameAddr, RAck, Reason, Replaces, SessionExpires, Uri, Via,
    grammar::{elements, find, number, quoted_end, trim},
    params::raw_param,
};

/// The Contact headers of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `Contact: *` (RFC 3261 §10.2.2).
    Star,
    /// All elements of all Contact headers, perhaps none.
    List(Vec<NameAddr>),
}

/// Elements taken from one kind of header; a message with more is refused.
const ELEMENTS_MAX: usize = model::limits::SIP_HEADERS_MAX;

impl Headers {
    /// The elements of all headers `name`, split at commas.
    pub fn elements<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a str> {
        self.get_all(name).flat_map(elements)
    }

    /// The topmost Via.
    ///
    /// # Errors
    /// [`Fault::Missing`] or the fault of the value.
    pub fn via_top(&self) -> Result<Via, Fault> {
        let name = HeaderName::Via;
        let top = self.elements(&name).next();
        Via::parse(top.ok_or(Fault::Missing("Via"))?)
    }

    /// The branch of the topmost Via, if there is one. Cheaper than [`Headers::via_top`].
    pub(crate) fn branch_top(&self) -> Option<&str> {
        let name = HeaderName::Via;
        Via::branch_of(self.elements(&name).next()?)
    }

    /// All Vias, topmost first.
    ///
    /// # Errors
    /// The fault of the first malformed one.
    pub fn vias(&self) -> Result<Vec<Via>, Fault> {
        self.collect(&HeaderName::Via, Via::parse)
    }

    /// Replaces the topmost Via, leaving the others as written.
    pub fn set_via_top(&mut self, via: &Via) {
        let mut value = via.text();
        let Some(before) = self.lines.iter().position(|h| h.name == HeaderName::Via) else {
            self.insert_front(HeaderName::Via, value);
            return;
        };
        for other in elements(self.value(&self.lines[before])).skip(1) {
            value.push_str(", ");
            value.push_str(other);
        }
        self.lines[before] = self.line(HeaderName::Via, &value);
    }

    /// From.
    ///
    /// # Errors
    /// [`Fault::Missing`] or the fault of the value.
    pub fn from_(&self) -> Result<NameAddr, Fault> {
        self.one(&HeaderName::From, "From")
            .and_then(NameAddr::parse)
    }

    /// To.
    ///
    /// # Errors
    /// [`Fault::Missing`] or the fault of the value.
    pub fn to(&self) -> Result<NameAddr, Fault> {
        self.one(&HeaderName::To, "To").and_then(NameAddr::parse)
    }

    /// The tag of From, if there is one. Cheaper than [`Headers::from_`].
    #[must_use]
    pub fn from_tag(&self) -> Option<&str> {
        self.get(&HeaderName::From).and_then(tag_of)
    }

    /// The tag of To, if there is one. Cheaper than [`Headers::to`].
    #[must_use]
    pub fn to_tag(&self) -> Option<&str> {
        self.get(&HeaderName::To).and_then(tag_of)
    }

    /// Call-ID, as written.
    ///
    /// # Errors
    /// [`Fault::Missing`].
    pub fn call_id(&self) -> Result<&str, Fault> {
        self.get(&HeaderName::CallId)
            .filter(|id| !id.is_empty())
            .ok_or(Fault::Missing("Call-ID"))
    }

    /// CSeq.
    ///
    /// # Errors
    /// [`Fault::Missing`] or [`Fault::Malformed`].
    pub fn cseq(&self) -> Result<CSeq, Fault> {
        self.one(&HeaderName::CSeq, "CSeq").and_then(CSeq::parse)
    }

    /// Max-Forwards; `None` if absent.
    ///
    /// # Errors
    /// [`Fault::Malformed`] if it is not 0–255 (RFC 3261 §20.22).
    pub fn max_forwards(&self) -> Result<Option<u8>, Fault> {
        self.count(&HeaderName::MaxForwards, "Max-Forwards")
    }

    /// All Contacts.
    ///
    /// # Errors
    /// The fault of the first malformed one; `*` beside another contact is malformed.
    pub fn contacts(&self) -> Result<Contacts, Fault> {
        let name = HeaderName::Contact;
        if self.elements(&name).any(|element| element == "*") {
            return if self.elements(&name).count() == 1 {
                Ok(Contacts::Star)
            } else {
                Err(Fault::Malformed("Contact"))
            };
        }
        self.collect(&name, NameAddr::parse).map(Contacts::List)
    }

    /// The URI of the first Contact, for a dialog.
    ///
    /// # Errors
    /// [`Fault::Missing`] or the fault of the value.
    pub fn contact_uri(&self) -> Result<Uri, Fault> {
        let name = HeaderName::Contact;
        let first = self.elements(&name).next();
        let first = first.ok_or(Fault::Missing("Contact"))?;
        NameAddr::parse(first).map(|contact| contact.uri)
    }

    /// Route, topmost first.
    ///
    /// # Errors
    /// The fault of the first malformed one.
    pub fn route(&self) -> Result<Vec<NameAddr>, Fault> {
        self.collect(&HeaderName::Route, NameAddr::parse)
    }

    /// Record-Route, topmost first.
    ///
    /// # Errors
    /// The fault of the first malformed one.
    pub fn record_route(&self) -> Result<Vec<NameAddr>, Fault> {
        self.collect(&HeaderName::RecordRoute, NameAddr::parse)
    }

    /// Path, topmost first (RFC 3327).
    ///
    /// # Errors
    /// The fault of the first malformed one.
    pub fn path(&self) -> Result<Vec<NameAddr>, Fault> {
        self.collect(&HeaderName::Path, NameAddr::parse)
    }

    /// P-Asserted-Identity (RFC 3325): at most two make sense, a longer list is refused.
    ///
    /// # Errors
    /// The fault of the first malformed one.
    pub fn asserted_identity(&self) -> Result<Vec<NameAddr>, Fault> {
        self.collect(&HeaderName::PAssertedIdentity, NameAddr::parse)
    }

    /// Expires in seconds; one above 2³²−1 counts as 2³²−1 (RFC 3261 §20.19).
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn expires(&self) -> Result<Option<u32>, Fault> {
        self.seconds(&HeaderName::Expires, "Expires")
    }

    /// Content-Type.
    ///
    /// # Errors
    /// The fault of the value.
    pub fn content_type(&self) -> Result<Option<MediaType>, Fault> {
        self.get(&HeaderName::ContentType)
            .map(MediaType::parse)
            .transpose()
    }

    /// The option tags of Require.
    pub fn require(&self) -> impl Iterator<Item = &str> {
        self.elements(&HeaderName::Require)
    }

    /// The option tags of Supported.
    pub fn supported(&self) -> impl Iterator<Item = &str> {
        self.elements(&HeaderName::Supported)
    }

    /// The methods of Allow.
    pub fn allow(&self) -> impl Iterator<Item = &str> {
        self.elements(&HeaderName::Allow)
    }

    /// Whether `option` stands in Supported or Require.
    #[must_use]
    pub fn knows(&self, option: &str) -> bool {
        let same = |tag: &str| tag.eq_ignore_ascii_case(option);
        self.supported().any(same) || self.require().any(same)
    }

    /// Session-Expires (RFC 4028 §4).
    ///
    /// # Errors
    /// The fault of the value.
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, Fault> {
        self.get(&HeaderName::SessionExpires)
            .map(SessionExpires::parse)
            .transpose()
    }

    /// Min-SE in seconds (RFC 4028 §5).
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn min_se(&self) -> Result<Option<u32>, Fault> {
        self.seconds(&HeaderName::MinSe, "Min-SE")
    }

    /// RSeq (RFC 3262 §7.1).
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn rseq(&self) -> Result<Option<u32>, Fault> {
        self.count(&HeaderName::RSeq, "RSeq")
    }

    /// RAck (RFC 3262 §7.2).
    ///
    /// # Errors
    /// [`Fault::Missing`] or [`Fault::Malformed`].
    pub fn rack(&self) -> Result<RAck, Fault> {
        self.one(&HeaderName::RAck, "RAck").and_then(RAck::parse)
    }

    /// Replaces (RFC 3891).
    ///
    /// # Errors
    /// The fault of the value; two Replaces headers are [`Fault::Repeated`].
    pub fn replaces(&self) -> Result<Option<Replaces>, Fault> {
        let name = HeaderName::Replaces;
        if self.get_all(&name).count() > 1 {
            return Err(Fault::Repeated("Replaces"));
        }
        self.get(&name).map(Replaces::parse).transpose()
    }

    /// Refer-To (RFC 3515 §2.1).
    ///
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Repeated`] or the fault of the value.
    pub fn refer_to(&self) -> Result<NameAddr, Fault> {
        if self.get_all(&HeaderName::ReferTo).count() > 1 {
            return Err(Fault::Repeated("Refer-To"));
        }
        self.one(&HeaderName::ReferTo, "Refer-To")
            .and_then(NameAddr::parse)
    }

    /// Event (RFC 6665).
    ///
    /// # Errors
    /// The fault of the value.
    pub fn event(&self) -> Result<Option<Event>, Fault> {
        self.get(&HeaderName::Event).map(Event::parse).transpose()
    }

    /// The readable elements of Reason (RFC 3326); malformed ones are skipped.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        let name = HeaderName::Reason;
        self.elements(&name)
            .filter_map(|text| Reason::parse(text).ok())
            .collect()
    }

    /// Retry-After in seconds (RFC 3261 §20.33), comments and parameters skipped.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        let text = self.get(&HeaderName::RetryAfter)?;
        let end = text.find([';', '(', ' ']).unwrap_or(text.len());
        number(&text[..end])
    }

    fn one(&self, name: &HeaderName, text: &'static str) -> Result<&str, Fault> {
        self.get(name).ok_or(Fault::Missing(text))
    }

    fn count<T: TryFrom<u64>>(
        &self,
        name: &HeaderName,
        text: &'static str,
    ) -> Result<Option<T>, Fault> {
        self.get(name)
            .map(|value| number(trim(value)).ok_or(Fault::Malformed(text)))
            .transpose()
    }

    /// Digits and perhaps parameters; too many digits saturate.
    fn seconds(&self, name: &HeaderName, text: &'static str) -> Result<Option<u32>, Fault> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let digits = trim(value.split(';').next().unwrap_or(""));
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Fault::Malformed(text));
        }
        Ok(Some(number(digits).unwrap_or(u32::MAX)))
    }

    fn collect<T>(
        &self,
        name: &HeaderName,
        read: fn(&str) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut out = Vec::new();
        for element in self.elements(name) {
            if out.len() == ELEMENTS_MAX {
                return Err(Fault::TooManyValues);
            }
            out.push(read(element)?);
        }
        Ok(out)
    }
}

/// The `tag` parameter of a From or To value, found without reading the URI; the same tag as
/// [`NameAddr::tag`] gives.
fn tag_of(value: &str) -> Option<&str> {
    let name_end = match value.starts_with('"') {
        true => quoted_end(value.as_bytes(), 0)?,
        false => 0,
    };
    let start = match find(&value[name_end..], b'<') {
        Some(open) => find(&value[name_end + open..], b'>')? + name_end + open + 1,
        None => find(value, b';')?,
    };
    raw_param(&value[start..], "tag").filter(|tag| !tag.is_empty())
}
