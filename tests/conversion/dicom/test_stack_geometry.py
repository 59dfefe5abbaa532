"""True positions: tilt, uneven steps, orientations, and what cannot be a volume."""

import numpy as np
import pytest

from ichdag.images import Volume

FINE = {"count": 30, "size": 64, "pixel_mm": 3.0, "step_mm": 5.0}


def ball(volume):
    """Volume (mL), centroid (LPS mm) and covariance (mm2) of the voxels nearer the ball's HU than the brain's."""
    inside = (volume.values > 45) & (volume.values < 100)
    index = np.argwhere(inside)
    places = (index @ volume.affine[:3, :3].T + volume.affine[:3, 3]) * [-1, -1, 1]
    return Volume(inside, volume.affine).volume_ml, places.mean(0), np.cov(places.T)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("axes", ["axial", "feet first", "decubitus"])
def test_every_way_of_lying_and_of_counting_slices_ends_at_true_places(folder, draw, convert, is_exact, axes, order):
    places = (np.arange(12) - 5.5) * 10.0
    draw(axes=axes, places=places[::order])
    done = convert(folder)
    assert is_exact(done)
    assert np.array_equal(np.abs(done.volume.affine[:3, :3]).argmax(0), [0, 1, 2])
    assert (np.diag(done.volume.affine) > 0).all()


def test_a_coronal_series_that_the_user_names_ends_at_the_true_places(folder, draw, convert, is_exact):
    draw(axes="coronal")
    assert is_exact(convert(folder, series="2"))


@pytest.mark.parametrize("tilt", [0.0, 12.0])
def test_rows_and_columns_keep_their_own_numbers_and_spacings(folder, draw, convert, drawn_hu, is_exact, tilt):
    draw(size=(64, 28), pixel_mm=(3.0, 7.0), tilt=tilt)
    done = convert(folder)
    assert done.volume.spacing_mm[:2] == pytest.approx([7, 3], abs=1e-4)
    inside = done.volume.values > -1024
    assert np.abs(done.volume.values - drawn_hu(done.volume))[inside].mean() < 3 if tilt else is_exact(done)


def test_the_slice_thickness_tag_is_not_believed(folder, draw, convert, is_exact):
    draw(thickness=1.0)
    done = convert(folder)
    assert is_exact(done) and done.volume.spacing_mm[2] == pytest.approx(10)
    assert done.facts["slice_thickness_mm"] == 1 and done.facts["slice_step_mm"] == 10


@pytest.mark.parametrize("tilt", [14.0, -14.0, 25.0])
def test_a_tilted_gantry_is_sheared_back_and_a_ball_stays_a_ball_at_its_place(folder, draw, convert, tilt, drawn_hu):
    draw(tilt=tilt, change=lambda header, index: setattr(header, "GantryDetectorTilt", tilt), **FINE)
    done = convert(folder)
    assert done.facts["sheared"] and done.facts["tilt_degrees"] == pytest.approx(abs(tilt), abs=0.01)
    axes = done.volume.affine[:3, :3] / done.volume.spacing_mm
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-6)
    assert done.volume.spacing_mm[2] == pytest.approx(5 * np.cos(np.radians(tilt)), abs=1e-3)
    volume_ml, center, spread = ball(done.volume)
    assert volume_ml == pytest.approx(4 / 3 * np.pi * 40**3 / 1000, rel=0.02)
    assert np.linalg.norm(center - [10, -15, 8]) < 1
    assert np.allclose(spread, np.eye(3) * 40**2 / 5, atol=0.03 * 40**2 / 5)
    truth = drawn_hu(done.volume)
    inside = done.volume.values > -1024  # neither brought in by the shear nor air
    assert np.abs(done.volume.values - truth)[inside].mean() < 3


def test_a_tilt_without_its_tag_is_found_in_the_positions(folder, draw, convert):
    draw(tilt=14.0, **FINE)
    done = convert(folder)
    assert done.facts["sheared"] and done.facts["tilt_tag_degrees"] is None


def test_a_tilt_of_the_head_that_is_no_shear_is_left_as_it_is(folder, draw, convert, is_exact):
    def upright(header, index):
        """Slices along their own normal, as a reformat along the skull base has them."""
        position, step = np.array(header.ImagePositionPatient, dtype=float), (index - 5.5) * 10
        angle = np.radians(14)
        position += step * np.array([0, np.sin(angle), np.cos(angle)]) - [0, 0, step]
        header.ImagePositionPatient = [f"{value:.6f}" for value in position]
        header.GantryDetectorTilt = 14

    draw(tilt=14.0, change=upright)
    done = convert(folder)
    assert not done.facts["sheared"] and done.facts["tilt_degrees"] == pytest.approx(0, abs=0.01)
    assert np.degrees(np.arccos(done.volume.affine[2, 2] / 10)) == pytest.approx(14, abs=0.01)


def test_a_tilt_that_the_positions_lost_is_left_out(folder, draw, reason):
    draw(change=lambda header, index: setattr(header, "GantryDetectorTilt", 14))
    assert reason(folder).startswith("gantry tilt lost: the tag says 14.0 degrees, the positions 0.0")


def test_a_tilt_no_gantry_has_is_left_out(folder, draw, reason):
    draw(tilt=40.0)
    assert reason(folder).startswith("tilt too large: 40.0 degrees")


def test_a_missing_slice_is_left_out(folder, draw, reason):
    draw(change=lambda header, index: index != 5, step_mm=5.0, count=24)
    text = reason(folder)
    assert text.startswith("uneven slice positions: steps from 5 to 10 mm, as if 1 were missing")


def test_a_missing_slice_is_interpolated_when_told_so(folder, draw, convert, drawn_hu):
    draw(change=lambda header, index: index != 5, step_mm=5.0, count=24)
    done = convert(folder, resample_variable_spacing=True)
    assert done.facts["resampled"] and done.volume.values.shape[2] == 24 and done.facts["slices"] == 23
    truth = drawn_hu(done.volume)
    others = [index for index in range(24) if index != 5]
    assert np.allclose(done.volume.values[..., others], truth[..., others], atol=1e-2)
    between = (truth[..., 4] + truth[..., 6]) / 2
    assert np.allclose(done.volume.values[..., 5], between, atol=1e-2)


def test_two_slice_spacings_in_one_series_become_one_when_told_so(folder, draw, reason, convert, drawn_hu):
    places = np.concatenate([np.arange(-70, 0, 2.5), np.arange(0, 75, 7.5)])
    draw(places=places, size=64, pixel_mm=3.0)
    assert reason(folder).startswith("uneven slice positions: steps from 2.5 to 7.5 mm, as if")
    done = convert(folder, resample_variable_spacing=True)
    assert done.volume.spacing_mm[2] == pytest.approx(2.5, rel=0.01)
    volume_ml, center, _ = ball(done.volume)
    assert volume_ml == pytest.approx(4 / 3 * np.pi * 40**3 / 1000, rel=0.02)
    assert np.linalg.norm(center - [10, -15, 8]) < 1


def test_tilt_and_uneven_steps_together_are_both_mended(folder, draw, convert):
    draw(tilt=-18.0, change=lambda header, index: index != 12, **FINE)
    done = convert(folder, resample_variable_spacing=True)
    assert done.facts["sheared"] and done.facts["resampled"]
    volume_ml, center, _ = ball(done.volume)
    assert volume_ml == pytest.approx(4 / 3 * np.pi * 40**3 / 1000, rel=0.02)
    assert np.linalg.norm(center - [10, -15, 8]) < 1


def test_a_gap_too_large_to_interpolate_is_left_out(folder, draw, reason):
    draw(change=lambda header, index: index not in (5, 6), step_mm=5.0, count=24)
    assert reason(folder, resample_variable_spacing=True).startswith("gap between slices too large")


def test_positions_rounded_by_the_scanner_are_even(folder, draw, convert):
    draw(places=(np.arange(12) - 5.5) * 10 + np.resize([0.0, 0.04, -0.04], 12))
    assert not convert(folder).facts["resampled"]


def test_slices_twice_at_one_place_are_left_out(folder, draw, reason):
    draw(places=[*(np.arange(12) - 5.5) * 10, 5.0])
    assert reason(folder).startswith("several slices at one place: 1 of 13")


def test_slices_all_at_one_place_are_left_out(folder, draw, reason):
    draw(places=[3.0] * 12)
    assert reason(folder).startswith("slices all at one place: 12 of them")


def test_slices_off_one_line_are_left_out(folder, draw, reason):
    def moved(header, index):
        if index > 6:
            header.ImagePositionPatient = [header.ImagePositionPatient[0] + 8, *header.ImagePositionPatient[1:]]

    draw(change=moved)
    assert reason(folder).startswith("slices off one line")


@pytest.mark.parametrize("name", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_slices_without_their_geometry_are_left_out(folder, draw, reason, name):
    draw(change=lambda header, index: delattr(header, name))
    assert "no geometry" in reason(folder)


def test_an_orientation_that_is_none_is_left_out(folder, draw, reason):
    draw(change=lambda header, index: setattr(header, "ImageOrientationPatient", [0] * 6))
    assert "no geometry" in reason(folder)
