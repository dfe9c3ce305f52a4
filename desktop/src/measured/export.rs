//! A plot as a picture, and its points as a table.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use egui::{ColorImage, Context, Rect, ScreenshotCallback, ViewportCommand};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_runtime::clock;
use underpass_shared::csv::cell;

use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{
    Answer, Dialog, FilePath, PlotAct, PlotOut, Track, Unit, Words as _, at, file_field,
};

/// Frames that a dialog takes to leave the window before its picture is taken.
const FRAMES: u8 = 20;

/// What is exported.
struct Wanted {
    act: PlotAct,
    title: String,
    table: String,
    path: FilePath,
}

/// Exports of the plots of a page.
#[derive(Default)]
pub struct Exports {
    wanted: Option<Wanted>,
    picture: Option<Picture>,
    taken: Arc<Mutex<Option<Arc<ColorImage>>>>,
    written: Slot<PathBuf>,
}

/// A picture that is to be taken.
struct Picture {
    title: String,
    path: PathBuf,
    replace: bool,
    frames: u8,
}

impl Exports {
    /// Takes what the operator wants of a plot.
    pub fn take(
        &mut self,
        ctx: &Context,
        out: &PlotOut,
        title: &str,
        unit: Unit,
        tracks: &[Track],
    ) {
        if let Some(act) = out.act {
            self.wanted = Some(Wanted {
                act,
                title: title.to_owned(),
                table: match act {
                    PlotAct::Table => csv(unit, tracks),
                    PlotAct::Picture => String::new(),
                },
                path: FilePath::default(),
            });
        }
        self.photograph(ctx, out.rect, title);
    }

    /// Shows the dialog, and tells what came of it.
    pub fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        if let Some(written) = self.written.take() {
            let path = written.value.display();
            cx.tell(State::Ok, format!("Exported to {path}"));
            self.wanted = None;
        }
        let failed = match &*self.written.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        if self.picture.is_some() {
            ctx.request_repaint();
            return;
        }
        let Some(wanted) = &mut self.wanted else {
            return;
        };
        let (title, kind, end) = match wanted.act {
            PlotAct::Picture => ("Export the picture", "PNG", "png"),
            PlotAct::Table => ("Export the points", "CSV", "csv"),
        };
        let path = wanted.path.path();
        let answer = Dialog::new("export-plot", title, "Export")
            .wide()
            .enabled_if(path.is_some(), "Name the file first")
            .show(ctx, |ui| {
                let what = match wanted.act {
                    PlotAct::Picture => "as it is shown now, as PNG",
                    PlotAct::Table => "all its points in the range, as CSV; times are UTC",
                };
                ui.paragraph(format!("{}, {what}.", wanted.title));
                ui.add_space(space::S);
                let name = format!("{}.{end}", slug(&wanted.title));
                let pick = Pick {
                    title,
                    kind,
                    extensions: &[end],
                    save_as: Some(&name),
                };
                file_field(ui, "File", &mut wanted.path, &pick, failed.as_deref());
            });
        match (answer, path) {
            (Answer::Open, _) => {}
            (Answer::Confirmed, Some(path)) => {
                let replace = wanted.path.may_replace();
                match wanted.act {
                    PlotAct::Table => {
                        let bytes = wanted.table.clone().into_bytes();
                        file::save(ctx, path, bytes, replace, &self.written);
                    }
                    PlotAct::Picture => {
                        self.picture = Some(Picture {
                            title: wanted.title.clone(),
                            path,
                            replace,
                            frames: FRAMES,
                        });
                    }
                }
            }
            (Answer::Confirmed | Answer::Dismissed, _) => {
                self.wanted = None;
                self.written.clear();
            }
        }
    }

    /// Takes the picture of a plot when the dialog is gone, and writes the part with the plot.
    fn photograph(&mut self, ctx: &Context, rect: Rect, title: &str) {
        let Some(picture) = self.picture.as_mut().filter(|one| one.title == title) else {
            return;
        };
        picture.frames = picture.frames.saturating_sub(1);
        if picture.frames == 1 {
            let (into, repaint) = (Arc::clone(&self.taken), ctx.clone());
            ctx.send_viewport_cmd(ViewportCommand::Screenshot(ScreenshotCallback::new(
                move |image| {
                    *into.lock().unwrap_or_else(PoisonError::into_inner) = Some(image);
                    repaint.request_repaint();
                },
            )));
        }
        let taken = self
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(image) = taken
            && let Some(picture) = self.picture.take()
        {
            let part = image.region(&seen(rect, &image, ctx), Some(ctx.pixels_per_point()));
            match png_of(&part) {
                Ok(bytes) => file::save(ctx, picture.path, bytes, picture.replace, &self.written),
                Err(error) => self
                    .written
                    .set(Remote::NotRequested.failed(error.to_string())),
            }
        }
    }
}

/// The part of a plot that is in the window.
fn seen(rect: Rect, image: &ColorImage, ctx: &Context) -> Rect {
    let [width, height] = image.size;
    let size = egui::vec2(width as f32, height as f32) / ctx.pixels_per_point();
    rect.intersect(Rect::from_min_size(egui::Pos2::ZERO, size))
}

/// An image as PNG.
fn png_of(image: &ColorImage) -> Result<Vec<u8>, png::EncodingError> {
    let [width, height] = image
        .size
        .map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let mut bytes = vec![];
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    let pixels: Vec<u8> = image.pixels.iter().flat_map(|one| one.to_array()).collect();
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// A title as the name of a file.
fn slug(title: &str) -> String {
    let words = title.split(|one: char| !one.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    words.join("-")
}

/// The points of all tracks, a line for each time; what one has not is empty.
fn csv(unit: Unit, tracks: &[Track]) -> String {
    let mut times: Vec<i64> = tracks
        .iter()
        .flat_map(|track| track.values.iter().map(|dot| dot.at_ms))
        .collect();
    times.sort_unstable();
    times.dedup();
    let head = |track: &Track| {
        let name = slug(&track.name).replace('-', "_");
        let unit = unit.name();
        format!("{name}_{unit},{name}_{unit}_min,{name}_{unit}_max")
    };
    let heads: Vec<String> = tracks.iter().map(head).collect();
    let mut out = format!("time,time_ms,{}\r\n", heads.join(","));
    for time in times {
        let mut cells = vec![cell(&clock::rfc3339(time)), time.to_string()];
        for track in tracks {
            let dot = at(&track.values, time as f64, 1).filter(|dot| dot.at_ms == time);
            let of = |dot: &crate::widget::Dot| {
                [dot.value, dot.low, dot.high].map(|one| one.to_string())
            };
            cells.extend(dot.map_or_else(Default::default, of));
        }
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widget::{Dot, Hue, Look};

    #[test]
    fn every_time_has_a_line_and_what_is_missing_is_empty() {
        let track = |name: &str, times: &[i64]| {
            let dots = times.iter().map(|at| Dot::of(*at, 1.5)).collect();
            Track::new(name, Hue::Series(0), Look::Line, dots)
        };
        let tracks = [track("One", &[0, 15_000]), track("p 99", &[15_000])];
        let text = csv(Unit::Seconds, &tracks);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "time,time_ms,one_seconds,one_seconds_min,one_seconds_max,p_99_seconds,p_99_seconds_min,p_99_seconds_max"
        );
        assert_eq!(lines[1], "1970-01-01T00:00:00.000Z,0,1.5,1.5,1.5,,,");
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.split(',').count() == 8));
    }

    #[test]
    fn pictures_are_png() {
        let image = ColorImage::filled([3, 2], egui::Color32::PLACEHOLDER);
        let bytes = png_of(&image).unwrap();
        assert_eq!(bytes.get(..4), Some(&b"\x89PNG"[..]));
        let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info();
        assert_eq!(reader.unwrap().info().size(), (3, 2));
    }
}
