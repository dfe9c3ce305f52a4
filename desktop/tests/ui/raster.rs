//! Draws what egui made of a frame, on the processor: pictures need no graphics library, and are the
//! same on every host.
#![expect(
    clippy::cast_possible_truncation,
    reason = "places on a screen and channels of colours are small"
)]

use std::collections::HashMap;

use egui::epaint::{ImageData, Primitive, Vertex};
use egui::{ColorImage, Context, FullOutput, Mesh, Pos2, Rect, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;
use image::RgbaImage;

/// The textures that egui gave so far.
#[derive(Default)]
pub(crate) struct Raster {
    textures: HashMap<TextureId, ColorImage>,
}

impl TestRenderer for Raster {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        #[expect(
            clippy::iter_over_hash_type,
            reason = "textures know nothing of each other"
        )]
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = change.image;
                match (change.pos, self.textures.get_mut(&id)) {
                    (Some(at), Some(whole)) => patch(whole, &image, at),
                    (_, _) => drop(self.textures.insert(id, (*image).clone())),
                }
            }
        }
        #[expect(
            clippy::iter_over_hash_type,
            reason = "textures know nothing of each other"
        )]
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let size = (ctx.content_rect().size() * scale).round();
        let mut canvas = Canvas::new(size.x as usize, size.y as usize);
        for clipped in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = &clipped.primitive else {
                return Err("callbacks are not drawn".to_owned());
            };
            let texture = self.textures.get(&mesh.texture_id);
            let texture = texture.ok_or("a texture was never given")?;
            canvas.mesh(mesh, texture, clipped.clip_rect * scale, scale);
        }
        let (width, height) = (canvas.width as u32, canvas.height() as u32);
        let bytes = canvas.pixels.iter().flatten();
        let bytes = bytes.map(|channel| channel.round() as u8).collect();
        RgbaImage::from_raw(width, height, bytes).ok_or_else(|| "too few pixels".to_owned())
    }
}

fn patch(whole: &mut ColorImage, part: &ColorImage, [left, top]: [usize; 2]) {
    for (row, pixels) in part.pixels.chunks_exact(part.width()).enumerate() {
        let begin = (top + row) * whole.width() + left;
        whole.pixels[begin..begin + pixels.len()].copy_from_slice(pixels);
    }
}

/// Red, green, blue and opacity from 0 to 255, the colours multiplied by the opacity.
type Pixel = [f32; 4];

struct Canvas {
    width: usize,
    pixels: Vec<Pixel>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            pixels: vec![Pixel::default(); width * height],
        }
    }

    fn height(&self) -> usize {
        self.pixels.len() / self.width.max(1)
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &ColorImage, clip: Rect, scale: f32) {
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |at: usize| {
                let mut vertex = mesh.vertices[corners[at] as usize];
                vertex.pos = (vertex.pos.to_vec2() * scale).to_pos2();
                vertex
            };
            self.triangle([corner(0), corner(1), corner(2)], texture, clip);
        }
    }

    /// Pixels whose middle lies in the triangle; what lies on an edge belongs to one of the two
    /// triangles that share it.
    fn triangle(&mut self, [a, mut b, mut c]: [Vertex; 3], texture: &ColorImage, clip: Rect) {
        let mut area = edge(a.pos, b.pos, c.pos);
        if area < 0.0 {
            (b, c, area) = (c, b, -area);
        }
        if area == 0.0 || !area.is_finite() {
            return;
        }
        // What has no picture on it shows one texel everywhere.
        let plain = (a.uv == b.uv && b.uv == c.uv).then(|| sample(texture, a.uv));
        let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip);
        let first = |low: f32| (low - 0.5).ceil().max(0.0) as usize;
        let rows = first(bounds.top())..first(bounds.bottom()).min(self.height());
        for y in rows {
            for x in first(bounds.left())..first(bounds.right()).min(self.width) {
                let middle = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
                let shares = [(b, c), (c, a), (a, b)].map(|(from, to)| {
                    let share = edge(from.pos, to.pos, middle);
                    (share > 0.0 || (share == 0.0 && owns(from.pos, to.pos))).then_some(share)
                });
                if let [Some(of_a), Some(of_b), Some(of_c)] = shares {
                    let shares = [(a, of_a / area), (b, of_b / area), (c, of_c / area)];
                    let texel = plain.unwrap_or_else(|| sample(texture, place(shares)));
                    let over = colour(shares, texel);
                    let through = 1.0 - over[3] / 255.0;
                    let under = &mut self.pixels[y * self.width + x];
                    *under = [0, 1, 2, 3].map(|at| over[at] + under[at] * through);
                }
            }
        }
    }
}

/// Twice the area of a triangle; positive when its corners come clockwise on the screen.
fn edge(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Whether points on this edge belong to the triangle at its right.
fn owns(from: Pos2, to: Pos2) -> bool {
    from.y > to.y || (from.y == to.y && from.x < to.x)
}

/// The place on the texture.
fn place(shares: [(Vertex, f32); 3]) -> Pos2 {
    let [a, b, c] = shares.map(|(vertex, share)| vertex.uv.to_vec2() * share);
    (a + b + c).to_pos2()
}

/// What a pixel shows: the corners' colours by their shares, times the texture there.
fn colour(shares: [(Vertex, f32); 3], texel: Pixel) -> Pixel {
    let mut tint = Pixel::default();
    for (vertex, share) in shares {
        for (sum, channel) in tint.iter_mut().zip(vertex.color.to_array()) {
            *sum += f32::from(channel) * share;
        }
    }
    [0, 1, 2, 3].map(|at| tint[at] * texel[at] / 255.0)
}

/// The texture at a place from 0 to 1, between the four nearest texels.
fn sample(texture: &ColorImage, at: Pos2) -> Pixel {
    let [width, height] = texture.size;
    let along = |share: f32, size: usize| {
        let place = (share * size as f32 - 0.5).clamp(0.0, (size - 1) as f32);
        let low = place.floor();
        (low as usize, (low as usize + 1).min(size - 1), place - low)
    };
    let (left, right, over) = along(at.x, width);
    let (top, bottom, down) = along(at.y, height);
    let texel = |x: usize, y: usize| texture.pixels[y * width + x].to_array().map(f32::from);
    let mix = |a: Pixel, b: Pixel, share: f32| -> Pixel {
        [0, 1, 2, 3].map(|at| a[at] + (b[at] - a[at]) * share)
    };
    let above = mix(texel(left, top), texel(right, top), over);
    let below = mix(texel(left, bottom), texel(right, bottom), over);
    mix(above, below, down)
}
