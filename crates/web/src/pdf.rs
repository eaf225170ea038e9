//! Text on sheets of paper, as a PDF.
//!
//! One font, of which a file holds only the letters that it uses. Each letter has a number of its
//! own in the file, so that whoever copies or searches its text finds every letter as it was
//! written, even one that the font lacks and shows as a box.

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

const FONT: &[u8] = include_bytes!("../fonts/LiberationSans-Regular.ttf");
/// The font's name in a file that holds a part of it.
const FONT_NAME: Name<'static> = Name(b"ALMONR+LiberationSans");
/// What a sheet calls the font.
const FONT_KEY: Name<'static> = Name(b"F1");
/// How letters are numbered: as this program does.
const ORDER: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The width of a sheet, in points: US letter.
pub(crate) const WIDTH: f32 = 612.0;
/// The height of a sheet, in points: US letter.
pub(crate) const HEIGHT: f32 = 792.0;

/// How dark the lines between parts are; 0 is black.
const RULE_GRAY: f32 = 0.6;
/// How thick they are, in points.
const RULE_WIDTH: f32 = 0.75;

/// Something on a sheet, measured in points from its lower left corner.
#[derive(Debug)]
enum Mark {
    Text { x: f32, y: f32, size: f32, gray: f32, text: String },
    Rule { from: f32, to: f32, y: f32 },
}

/// Sheets that are being written.
#[derive(Debug)]
pub(crate) struct Sheets {
    face: Face<'static>,
    sheets: Vec<Vec<Mark>>,
}

impl Sheets {
    /// One empty sheet.
    pub(crate) fn new() -> Self {
        let face = Face::parse(FONT, 0).expect("the font in the program is whole");
        Self { face, sheets: vec![Vec::new()] }
    }

    /// Goes on with the next sheet.
    pub(crate) fn turn(&mut self) {
        self.sheets.push(Vec::new());
    }

    /// How wide a text is, in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.advance(letter)).sum::<f32>() * size / 1000.0
    }

    /// Writes a text whose letters stand on the line at `y`. Grey is between black, 0, and white.
    pub(crate) fn text(&mut self, (x, y): (f32, f32), size: f32, gray: f32, text: &str) {
        let text = text.chars().filter(|letter| !letter.is_control()).collect();
        self.mark(Mark::Text { x, y, size, gray, text });
    }

    /// Draws a line across.
    pub(crate) fn rule(&mut self, (from, to): (f32, f32), y: f32) {
        self.mark(Mark::Rule { from, to, y });
    }

    fn mark(&mut self, mark: Mark) {
        self.sheets.last_mut().expect("there is always a sheet").push(mark);
    }

    fn glyph(&self, letter: char) -> GlyphId {
        // A space that must not break, and one that may, look the same.
        let letter = if letter == '\u{a0}' { ' ' } else { letter };
        self.face.glyph_index(letter).unwrap_or(GlyphId(0))
    }

    /// A letter's width in thousandths of its size.
    fn advance(&self, letter: char) -> f32 {
        let units = self.face.glyph_hor_advance(self.glyph(letter)).unwrap_or_default();
        self.thousandths(f32::from(units))
    }

    fn thousandths(&self, units: f32) -> f32 {
        units * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// The number of each letter that is used, from one.
    fn letters(&self) -> BTreeMap<char, u16> {
        let texts = self.sheets.iter().flatten().filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text),
            Mark::Rule { .. } => None,
        });
        let mut letters: BTreeMap<char, u16> =
            texts.flat_map(|text| text.chars()).map(|letter| (letter, 0)).collect();
        for (number, place) in (1..).zip(letters.values_mut()) {
            *place = number;
        }
        letters
    }

    /// The file.
    pub(crate) fn finish(&self, title: &str) -> Vec<u8> {
        let mut pdf = Pdf::new();
        let mut last = Ref::new(1);
        let [catalog, tree, info, font] = [(); 4].map(|()| last.bump());
        let letters = self.letters();
        let mut pages = Vec::new();
        for sheet in &self.sheets {
            let (page, content) = (last.bump(), last.bump());
            pdf.stream(content, &drawn(sheet, &letters));
            let mut writer = pdf.page(page);
            writer.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(content);
            writer.resources().fonts().pair(FONT_KEY, font);
            writer.finish();
            pages.push(page);
        }
        let count = i32::try_from(pages.len()).expect("sheets are few");
        pdf.pages(tree).kids(pages).count(count);
        pdf.document_info(info).title(TextStr(title)).producer(TextStr("Almoner"));
        let mut writer = pdf.catalog(catalog);
        writer.pages(tree).lang(TextStr("en-US"));
        writer.viewer_preferences().display_doc_title(true);
        writer.finish();
        self.embed(&mut pdf, &mut last, font, &letters);
        pdf.finish()
    }

    /// Writes the part of the font that is used.
    fn embed(&self, pdf: &mut Pdf, last: &mut Ref, font: Ref, letters: &BTreeMap<char, u16>) {
        let [cid, descriptor, file, places, words] = [(); 5].map(|()| last.bump());
        pdf.type0_font(font)
            .base_font(FONT_NAME)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(words);
        let mut writer = pdf.cid_font(cid);
        writer
            .subtype(CidFontType::Type2)
            .base_font(FONT_NAME)
            .system_info(ORDER)
            .font_descriptor(descriptor)
            .cid_to_gid_map_stream(places);
        writer.widths().consecutive(1, letters.keys().map(|&letter| self.advance(letter)));
        writer.finish();
        let bounds = self.face.global_bounding_box();
        let [left, low, right, high] = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max]
            .map(|units| self.thousandths(f32::from(units)));
        let height = |units: i16| self.thousandths(f32::from(units));
        pdf.font_descriptor(descriptor)
            .name(FONT_NAME)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(left, low, right, high))
            .italic_angle(0.0)
            .ascent(height(self.face.ascender()))
            .descent(height(self.face.descender()))
            .cap_height(height(self.face.capital_height().unwrap_or(self.face.ascender())))
            .stem_v(STEM)
            .font_file2(file);
        let mut remapper = GlyphRemapper::new();
        let mut place_of = vec![0, 0];
        let mut unicode = UnicodeCmap::new(Name(b"Almoner"), ORDER);
        for (&letter, &number) in letters {
            place_of.extend(remapper.remap(self.glyph(letter).0).to_be_bytes());
            unicode.pair(number, letter);
        }
        let part = subsetter::subset(FONT, 0, &remapper).expect("the font in the program is whole");
        let length = i32::try_from(part.len()).expect("a font is smaller than that");
        pdf.stream(file, &part).pair(Name(b"Length1"), length);
        pdf.stream(places, &place_of);
        pdf.cmap(words, &unicode.finish());
    }
}

/// How thick the font's stems are, in thousandths: what a viewer without the font would imitate.
const STEM: f32 = 80.0;

fn drawn(sheet: &[Mark], letters: &BTreeMap<char, u16>) -> Vec<u8> {
    let mut content = Content::new();
    for mark in sheet {
        match mark {
            Mark::Text { x, y, size, gray, text } => {
                let numbers: Vec<u8> = text
                    .chars()
                    .filter_map(|letter| letters.get(&letter))
                    .flat_map(|number| number.to_be_bytes())
                    .collect();
                content.set_fill_gray(*gray).begin_text().set_font(FONT_KEY, *size);
                content.next_line(*x, *y).show(Str(&numbers)).end_text();
            }
            Mark::Rule { from, to, y } => {
                content.set_stroke_gray(RULE_GRAY).set_line_width(RULE_WIDTH);
                content.move_to(*from, *y).line_to(*to, *y).stroke();
            }
        }
    }
    content.finish().into_vec()
}
