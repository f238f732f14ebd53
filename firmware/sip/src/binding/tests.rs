use super::*;
use crate::Method;

const NOW: Wall = Wall::from_secs(1_000_000);

struct World {
    bindings: Vec<Binding>,
    cseq: u32,
}

impl World {
    const fn new() -> Self {
        Self {
            bindings: Vec::new(),
            cseq: 1,
        }
    }

    fn peer() -> Peer {
        let address = |text: &str| text.parse().expect("a socket address");
        Peer::udp(address("192.0.2.1:5060"), address("198.51.100.7:40000"))
    }

    fn register(&mut self, headers: &[(&str, &str)]) -> Result<Vec<&'static str>, Refusal> {
        self.cseq += 1;
        self.register_as("one", self.cseq, headers)
    }

    fn register_as(
        &mut self,
        call_id: &str,
        cseq: u32,
        headers: &[(&str, &str)],
    ) -> Result<Vec<&'static str>, Refusal> {
        let uri = Uri::parse("sip:office").expect("legal");
        let mut request = Request::new(Method::Register, uri);
        request.headers.push(HeaderName::CallId, call_id);
        request
            .headers
            .push(HeaderName::CSeq, format!("{cseq} REGISTER"));
        for (name, value) in headers {
            request.headers.push(HeaderName::from_text(name), *value);
        }
        let owner = EntryId::new("anna").expect("legal");
        let expiry = Expiry::default();
        let outcome = apply(NOW, &owner, &Self::peer(), &request, &self.bindings, expiry)?;
        self.bindings = outcome.bindings;
        let name = |change: &StateChange| match change {
            StateChange::Bound(_) => "bound",
            StateChange::Refreshed(_) => "refreshed",
            StateChange::Unbound { .. } => "unbound",
            StateChange::DigestMd5 { .. } => "md5",
            StateChange::LineTones { .. } => "line tones",
            StateChange::LineBalance { .. } => "line balance",
            StateChange::Lifeline { .. } => "lifeline",
            StateChange::Messages { .. } => "messages",
        };
        Ok(outcome.changes.iter().map(name).collect())
    }

    fn contacts(&self) -> Vec<String> {
        contact_values(NOW, &self.bindings)
    }
}

#[test]
fn bind_refresh_query_unbind() {
    let mut world = World::new();
    let contact = ("Contact", "<sip:a@10.0.0.1>");
    assert_eq!(world.register(&[contact]), Ok(vec!["bound"]));
    assert_eq!(world.contacts(), ["<sip:a@10.0.0.1>;expires=3600"]);
    assert_eq!(
        world.register(&[contact, ("Expires", "100")]),
        Ok(vec!["refreshed"])
    );
    assert_eq!(world.contacts(), ["<sip:a@10.0.0.1>;expires=100"]);
    assert_eq!(world.register(&[]), Ok(vec![]));
    assert_eq!(world.contacts().len(), 1);
    assert_eq!(
        world.register(&[("m", "<sip:a@10.0.0.1>;expires=0")]),
        Ok(vec!["unbound"])
    );
    assert_eq!(
        world.register(&[("m", "<sip:a@10.0.0.1>;expires=0")]),
        Ok(vec![])
    );
    assert!(world.contacts().is_empty());
}

#[test]
fn expiry_has_limits() {
    let mut world = World::new();
    let mut seconds = |contact: &str, expires: &str| {
        world.bindings.clear();
        world
            .register(&[("Contact", contact), ("Expires", expires)])
            .map(|_| world.bindings[0].expires.as_secs() - NOW.as_secs())
    };
    assert_eq!(seconds("<sip:a@b>", "60"), Ok(60));
    assert_eq!(
        seconds("<sip:a@b>", "59"),
        Err(Refusal::TooBrief { min_s: 60 })
    );
    assert_eq!(seconds("<sip:a@b>", "99999999999999"), Ok(7_200));
    assert_eq!(seconds("<sip:a@b>", "soon"), Ok(3_600));
    assert_eq!(seconds("<sip:a@b>;expires=90", "600"), Ok(90));
    assert_eq!(seconds("<sip:a@b>;expires=soon", "600"), Ok(3_600));
}

#[test]
fn a_late_request_changes_nothing() {
    let mut world = World::new();
    let both = [("Contact", "<sip:a@h>"), ("Contact", "<sip:b@h>")];
    assert_eq!(world.register_as("x", 5, &both), Ok(vec!["bound", "bound"]));
    let before = world.bindings.clone();
    assert_eq!(world.register_as("x", 5, &both), Err(Refusal::Late));
    let star = [("Contact", "*"), ("Expires", "0")];
    assert_eq!(world.register_as("x", 4, &star), Err(Refusal::Late));
    assert_eq!(world.bindings, before);
    // A phone that was restarted has a new Call-ID and may count from anywhere.
    assert_eq!(
        world.register_as("y", 1, &both),
        Ok(vec!["refreshed", "refreshed"])
    );
}

#[test]
fn star_stands_alone_with_expires_0() {
    let mut world = World::new();
    let bound = world.register(&[("Contact", "<sip:a@h>, <sip:b@h>;q=0.5")]);
    assert_eq!(bound, Ok(vec!["bound", "bound"]));
    assert_eq!(
        world.contacts(),
        ["<sip:a@h>;expires=3600", "<sip:b@h>;q=0.500;expires=3600"]
    );
    let bad = Err(Refusal::Malformed(Fault::Malformed("Contact")));
    assert_eq!(world.register(&[("Contact", "*")]), bad);
    assert_eq!(world.register(&[("Contact", "*"), ("Expires", "10")]), bad);
    assert_eq!(
        world.register(&[("Contact", "*, <sip:a@h>"), ("Expires", "0")]),
        bad
    );
    let star = world.register(&[("Contact", "*"), ("Expires", "0")]);
    assert_eq!(star, Ok(vec!["unbound", "unbound"]));
}

#[test]
fn equivalent_uris_are_one_phone() {
    let mut world = World::new();
    world
        .register(&[("Contact", "<sip:a@HOST.example;line=1>")])
        .expect("legal");
    let again = world.register(&[("Contact", "<SIP:%61@host.EXAMPLE;line=1>")]);
    // Same phone, but its contact is written differently: routing must see it.
    assert_eq!(again, Ok(vec!["unbound", "bound"]));
    assert_eq!(world.bindings.len(), 1);
    let other = world.register(&[("Contact", "<sip:a@host.example:5060;line=1>")]);
    assert_eq!(other, Ok(vec!["bound"]));
}

#[test]
fn an_instance_is_one_phone_wherever_it_is() {
    let mut world = World::new();
    let at = |port: u16| format!("<sip:a@10.0.0.1:{port}>;+sip.instance=\"<urn:uuid:1>\";reg-id=1");
    assert_eq!(world.register(&[("Contact", &at(1))]), Ok(vec!["bound"]));
    assert_eq!(world.register(&[("Contact", &at(2))]), Ok(vec!["bound"]));
    assert_eq!(world.bindings.len(), 1);
    // The phone finds its own binding in the answer by what it gave.
    assert_eq!(world.contacts(), [format!("{};expires=3600", at(2))]);
    let second = at(3).replace("reg-id=1", "reg-id=2");
    assert_eq!(world.register(&[("Contact", &second)]), Ok(vec!["bound"]));
    assert_eq!(world.bindings.len(), 2);
    // Old address back, new address in, without reg-id: the new one must survive.
    let mut world = World::new();
    let plain = |port: u16| at(port).replace(";reg-id=1", "");
    world.register(&[("Contact", &plain(1))]).expect("legal");
    let moved = format!("{}, {};expires=0", plain(2), plain(1));
    world.register(&[("Contact", &moved)]).expect("legal");
    assert_eq!(world.contacts(), ["<sip:a@10.0.0.1:2>;expires=3600"]);
}

#[test]
fn limits_refuse_clearly() {
    let mut world = World::new();
    for n in 0..BINDINGS_PER_OWNER {
        let contact = format!("<sip:{n}@h>");
        assert_eq!(world.register(&[("Contact", &contact)]), Ok(vec!["bound"]));
    }
    assert_eq!(
        world.register(&[("Contact", "<sip:more@h>")]),
        Err(Refusal::TooMany)
    );
    let renew = world.register(&[("Contact", "<sip:0@h>")]);
    assert_eq!(renew, Ok(vec!["refreshed"]));
    assert_eq!(
        world.register(&[("Contact", "<tel:+123>")]),
        Err(Refusal::Scheme)
    );
    assert_eq!(
        world.register(&[("Contact", "<mailto:a@b>")]),
        Err(Refusal::Scheme)
    );
    let long = format!("<sip:{}@h>", "x".repeat(300));
    let too_long = Err(Refusal::Malformed(Fault::TooLong));
    assert_eq!(world.register(&[("Contact", &long)]), too_long);
    let path = "<sip:p;lr>,".repeat(9);
    let many = Err(Refusal::Malformed(Fault::TooManyValues));
    assert_eq!(
        world.register(&[("Contact", "<sip:0@h>"), ("Path", &path)]),
        many
    );
}

#[test]
fn path_and_agent_are_kept() {
    let mut world = World::new();
    let agent = "ż".repeat(200);
    let headers = [
        ("Contact", "<sip:a@h>"),
        ("Path", "<sip:p1;lr>, <sip:p2;lr>"),
        ("User-Agent", &agent),
    ];
    world.register(&headers).expect("legal");
    let binding = &world.bindings[0];
    assert_eq!(binding.path, ["<sip:p1;lr>", "<sip:p2;lr>"]);
    assert_eq!(binding.user_agent.len(), 254);
    assert_eq!(binding.source, World::peer().remote);
}

#[test]
fn bindings_that_are_over_do_not_count() {
    let mut world = World::new();
    world.register(&[("Contact", "<sip:a@h>")]).expect("legal");
    world.bindings[0].expires = NOW;
    assert_eq!(world.register(&[]), Ok(vec![]));
    assert!(world.bindings.is_empty());
}
