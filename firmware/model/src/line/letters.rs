//! Letters of other alphabets in ASCII, as a telephone's display shows them. Cyrillic follows the BGN/PCGN
//! romanisation of Russian without its marks (general knowledge), for one display cannot know the language.

/// A small letter and what stands for it.
const PLAIN: [(&str, &[u8]); 84] = [
    ("àáâãåăą", b"a"),
    ("äæ", b"ae"),
    ("çćč", b"c"),
    ("ďđð", b"d"),
    ("èéêëęě", b"e"),
    ("ğ", b"g"),
    ("ìíîïı", b"i"),
    ("ľĺł", b"l"),
    ("ñńň", b"n"),
    ("òóôõő", b"o"),
    ("öøœ", b"oe"),
    ("řŕ", b"r"),
    ("śşšș", b"s"),
    ("ß", b"ss"),
    ("ťțţ", b"t"),
    ("ùúûűů", b"u"),
    ("ü", b"ue"),
    ("ýÿ", b"y"),
    ("źżž", b"z"),
    ("þ", b"th"),
    ("‘’", b"'"),
    ("“”„«»", b"\""),
    ("–—", b"-"),
    ("\u{a0}\t", b" "),
    ("№", b"No"),
    // Cyrillic.
    ("а", b"a"),
    ("б", b"b"),
    ("в", b"v"),
    ("гґ", b"g"),
    ("д", b"d"),
    ("еэ", b"e"),
    ("ё", b"yo"),
    ("є", b"ye"),
    ("ж", b"zh"),
    ("з", b"z"),
    ("иій", b"i"),
    ("ї", b"yi"),
    ("ј", b"j"),
    ("к", b"k"),
    ("л", b"l"),
    ("љ", b"lj"),
    ("м", b"m"),
    ("н", b"n"),
    ("њ", b"nj"),
    ("о", b"o"),
    ("п", b"p"),
    ("р", b"r"),
    ("с", b"s"),
    ("т", b"t"),
    ("уў", b"u"),
    ("ф", b"f"),
    ("х", b"kh"),
    ("ц", b"ts"),
    ("чћ", b"ch"),
    ("џ", b"dz"),
    ("ш", b"sh"),
    ("щ", b"shch"),
    ("ъьʼ", b""),
    ("ы", b"y"),
    ("ю", b"yu"),
    ("я", b"ya"),
    ("ђ", b"dj"),
    // Greek.
    ("αά", b"a"),
    ("β", b"v"),
    ("γ", b"g"),
    ("δ", b"d"),
    ("εέ", b"e"),
    ("ζ", b"z"),
    ("ηήιίϊΐ", b"i"),
    ("θ", b"th"),
    ("κ", b"k"),
    ("λ", b"l"),
    ("μ", b"m"),
    ("ν", b"n"),
    ("ξ", b"x"),
    ("οόωώ", b"o"),
    ("π", b"p"),
    ("ρ", b"r"),
    ("σς", b"s"),
    ("τ", b"t"),
    ("υύϋΰ", b"y"),
    ("φ", b"f"),
    ("χ", b"ch"),
    ("ψ", b"ps"),
];

/// A character as ASCII: none, one or several; `?` for what has no likeness.
pub(super) fn plain(c: char) -> impl Iterator<Item = u8> {
    let small = c.to_lowercase().next().unwrap_or(c);
    let known = PLAIN.iter().find(|(from, _)| from.contains(small));
    let (one, many): (Option<u8>, &[u8]) = match (u8::try_from(c), known) {
        (Ok(ascii @ b' '..=b'~'), _) => (Some(ascii), b""),
        (_, Some((_, to))) if small != c => {
            let first = to.first().map(u8::to_ascii_uppercase);
            (first, to.get(1..).unwrap_or(&[]))
        }
        (_, Some((_, to))) => (None, to),
        _ => (Some(b'?'), b""),
    };
    one.into_iter().chain(many.iter().copied())
}
