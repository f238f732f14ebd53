//! `[media]` and the settings of single phones.

use model::{Codec, EntryId};

use super::{LEAST, problems};
use crate::{Config, Dtmf, Encryption, Media};

#[test]
fn a_phone_has_its_own_settings_or_the_offices() {
    let text = format!(
        "{LEAST}[media]\ncodecs = [\"g722\", \"pcma\"]\nencryption = \"require\"\nauto_level = true\n\
         [[person]]\nid = \"jan\"\nextension = \"2005\"\ncodecs = [\"pcmu\"]\ndtmf = \"info\"\n\
         denoise = true\n\
         [[device]]\nid = \"door\"\nextension = \"2006\"\nmedia_encryption = \"off\"\n\
         auto_level = false\ncomfort_noise = true\n"
    );
    let config = Config::parse(&text).expect("a legal text");
    let media = |id: &str| config.media_of(&EntryId::new(id).expect("a legal id"));
    let jan = media("jan");
    assert_eq!((jan.codecs, jan.dtmf), (vec![Codec::Pcmu], Dtmf::Info));
    assert_eq!(jan.encryption, Encryption::Require);
    let door = media("door");
    assert_eq!(door.codecs, [Codec::G722, Codec::Pcma]);
    assert_eq!((door.encryption, door.dtmf), (Encryption::Off, Dtmf::Auto));
    let options = |media: Media| (media.auto_level, media.denoise, media.comfort_noise);
    assert_eq!(options(media("jan")), (true, true, false));
    assert_eq!(options(door), (false, false, true));
    assert_eq!(options(media("nobody")), (true, false, false));
    assert_eq!(media("nobody"), config.media);
}

#[test]
fn wide_sound_comes_first_and_the_law_of_the_country_next() {
    let codecs = |country: &str| {
        let text = format!("[office]\ncountry = \"{country}\"\n");
        Config::parse(&text).expect("a legal text").media.codecs
    };
    use Codec::{G722, Opus, Pcma, Pcmu};
    assert_eq!(codecs("PL"), [Opus, G722, Pcma, Pcmu]);
    assert_eq!(codecs("US"), [Opus, G722, Pcmu, Pcma]);
}

#[test]
fn lists_of_codecs_have_each_once_and_one_at_least() {
    for bad in ["[]", "[\"pcma\", \"pcma\"]", "[\"g729\"]", "[\"PCMA\"]"] {
        let found = problems(&format!("{LEAST}[media]\ncodecs = {bad}\n"));
        assert!(found.contains("media.codecs"), "{bad}: {found}");
    }
}

#[test]
fn threads_are_the_offices_and_few() {
    let threads = |line: &str| {
        let text =
            format!("{LEAST}[media]\n{line}\n[[person]]\nid = \"jan\"\nextension = \"2005\"\n");
        let config = Config::parse(&text).expect("a legal text");
        config
            .media_of(&EntryId::new("jan").expect("a legal id"))
            .threads
    };
    assert_eq!((threads(""), threads("threads = 3")), (None, Some(3)));
    for bad in ["0", "9", "\"all\""] {
        let found = problems(&format!("{LEAST}[media]\nthreads = {bad}\n"));
        assert!(found.contains("media.threads"), "{bad}: {found}");
    }
}
