//! The app's icon.

use egui::{ColorImage, Id, Image, TextureHandle, TextureOptions, Ui, Vec2};

/// The icon, a PNG of 256 by 256 pixels.
pub const ICON: &[u8] = include_bytes!("../../assets/icon/underpass-256.png");

/// Shows the icon, silent to screen readers: the product's name is beside it.
pub fn logo(ui: &mut Ui, side: f32) {
    let Some(texture) = texture(ui) else { return };
    let image = Image::new((texture.id(), Vec2::splat(side)));
    ui.add(image.fit_to_exact_size(Vec2::splat(side)));
}

/// The picture on the graphics card; it is brought there once.
fn texture(ui: &Ui) -> Option<TextureHandle> {
    let id = Id::unique("logo");
    if let Some(known) = ui.data(|data| data.get_temp::<TextureHandle>(id)) {
        return Some(known);
    }
    let icon = eframe::icon_data::from_png_bytes(ICON).ok()?;
    let side = |length: u32| usize::try_from(length).unwrap_or_default();
    let size = [side(icon.width), side(icon.height)];
    let image = ColorImage::from_rgba_unmultiplied(size, &icon.rgba);
    let options = TextureOptions::LINEAR.with_mipmap_mode(Some(egui::TextureFilter::Linear));
    let texture = ui.ctx().load_texture("logo", image, options);
    ui.data_mut(|data| data.insert_temp(id, texture.clone()));
    Some(texture)
}
