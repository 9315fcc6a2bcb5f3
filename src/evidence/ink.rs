//! A sheet to draw on: lines, and words in DejaVu Sans, which comes with the program. Pure; knows nothing of what it shows.

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _, point};
use tiny_skia::{Color, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};

/// Red, green, blue.
pub type Ink = [u8; 3];

/// Where a text stands to its point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Left,
    Middle,
    Right,
}

/// How a line is drawn.
#[derive(Clone, Copy)]
pub struct Pen {
    pub ink: Ink,
    pub width: f32,
    pub dashed: bool,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InkError {
    #[error("the picture can't be {width} by {height} pixels large")]
    Size { width: u32, height: u32 },
    #[error("the font can't be read")]
    Font,
    #[error("the picture can't be written as PNG: {0}")]
    Png(String),
}

/// The sheet.
pub struct Sheet {
    pixels: Pixmap,
    font: FontRef<'static>,
}

impl Sheet {
    /// A sheet of one colour; sizes in pixels.
    ///
    /// # Errors
    /// The size is none, or the font can't be read.
    pub fn new(width: u32, height: u32, paper: Ink) -> Result<Self, InkError> {
        let mut pixels = Pixmap::new(width, height).ok_or(InkError::Size { width, height })?;
        pixels.fill(Color::from_rgba8(paper[0], paper[1], paper[2], 255));
        let font = FontRef::try_from_slice(dejavu::sans::regular()).map_err(|_| InkError::Font)?;
        Ok(Self { pixels, font })
    }

    /// Through all these points, from the first to the last.
    pub fn line(&mut self, points: &[(f32, f32)], pen: Pen) {
        let mut path = PathBuilder::new();
        for (place, (x, y)) in points.iter().enumerate() {
            match place {
                0 => path.move_to(*x, *y),
                _ => path.line_to(*x, *y),
            }
        }
        let Some(path) = path.finish() else { return };
        let stroke = Stroke {
            width: pen.width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            dash: pen
                .dashed
                .then(|| StrokeDash::new(vec![12.0, 9.0], 0.0))
                .flatten(),
            ..Stroke::default()
        };
        self.pixels
            .stroke_path(&path, &paint(pen.ink, 255), &stroke, Transform::identity(), None);
    }

    /// A filled box; `strength` is how much of it covers, up to 255.
    pub fn fill(&mut self, left: f32, top: f32, right: f32, bottom: f32, ink: Ink, strength: u8) {
        if let Some(rect) = Rect::from_ltrb(left, top, right, bottom) {
            self.pixels
                .fill_rect(rect, &paint(ink, strength), Transform::identity(), None);
        }
    }

    /// How wide a text is, in pixels.
    #[must_use]
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let font = self.font.as_scaled(PxScale::from(size));
        text.chars().map(|c| font.h_advance(font.glyph_id(c))).sum()
    }

    /// A text on its baseline, `size` pixels high.
    pub fn text(&mut self, text: &str, (x, y): (f32, f32), size: f32, ink: Ink, anchor: Anchor) {
        let mut x = match anchor {
            Anchor::Left => x,
            Anchor::Middle => x - self.width(text, size) / 2.0,
            Anchor::Right => x - self.width(text, size),
        };
        let scale = PxScale::from(size);
        for c in text.chars() {
            let glyph = self.font.glyph_id(c).with_scale_and_position(scale, point(x, y));
            x += self.font.as_scaled(scale).h_advance(glyph.id);
            let Some(outline) = self.font.outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                self.blend(
                    corner.x as i64 + i64::from(dx),
                    corner.y as i64 + i64::from(dy),
                    ink,
                    cover,
                );
            });
        }
    }

    /// The paper is opaque, so a pixel of a letter is a mix of two colours.
    fn blend(&mut self, x: i64, y: i64, ink: Ink, cover: f32) {
        let (width, height) = (i64::from(self.pixels.width()), i64::from(self.pixels.height()));
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return;
        }
        let Ok(place) = usize::try_from((y * width + x) * 4) else {
            return;
        };
        let cover = cover.clamp(0.0, 1.0);
        let under = self.pixels.data_mut().iter_mut().skip(place).take(3);
        for (under, ink) in under.zip(ink) {
            let mixed = f32::from(*under) * (1.0 - cover) + f32::from(ink) * cover;
            *under = mixed.round() as u8;
        }
    }

    /// # Errors
    /// The encoder refuses.
    pub fn png(&self) -> Result<Vec<u8>, InkError> {
        self.pixels
            .encode_png()
            .map_err(|error| InkError::Png(error.to_string()))
    }
}

fn paint(ink: Ink, strength: u8) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(ink[0], ink[1], ink[2], strength);
    paint.anti_alias = true;
    paint
}
