"""Augmentation: what each change does to a batch, that answers stay with their samples, and that seeds decide."""

from math import pi

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.augmentation import AUGMENTATIONS, augmentation, fitting, misfit
from engine.derived import LENGTHS
from engine.errors import OptionError
from engine.kinds import KINDS
from engine.options import Component
from engine.params import completed
from engine.preparation import Part, Preparation
from engine.project import Column
from engine.training.augmentation import Augmenter

COUNT = 400


def column(name: str, kind: str, shape: tuple[int, ...], role: str = "input", **settings) -> Column:
    return Column(name, kind, role, shape, settings=completed(KINDS[kind].params, settings))


def part(name: str, kind: str, shape: tuple[int, ...] = (), role: str = "input", *, state=None, **settings) -> Part:
    return Part(name, kind, role, shape, ("no", "yes") if kind in ("category", "mask") else (),
                completed(KINDS[kind].params, settings), state or {})


def picture_part(name: str = "picture", shape: tuple[int, ...] = (1, 16, 16), role: str = "input") -> Part:
    """Pictures that are not normalised: 0 is black, 1 is white."""
    state = {"divide": 255.0, "mean": [0.0] * shape[0], "scale": [1.0] * shape[0], "white": 255.0}
    return part(name, "image", shape, role, state=state)


def changed(components: list[Component] | Component, parts: list[Part], batch: list[Tensor],
            seed: int = 0) -> list[Tensor]:
    """The batch as augmented; the batch itself must stay as it is."""
    components = [components] if isinstance(components, Component) else components
    names = [one.name for one in parts]
    augmenter = Augmenter(components, Preparation(tuple(parts)), names)
    assert augmenter.is_active
    before = [values.clone() for values in batch]
    after = augmenter(batch, torch.Generator().manual_seed(seed))
    assert all(torch.equal(old, values) for old, values in zip(before, batch, strict=True))
    for new, old in zip(after, batch, strict=True):
        assert (new.shape, new.dtype, new.stride()) == (old.shape, old.dtype, old.stride())
    return after


def smooth_pictures(count: int = COUNT, channels: int = 1, size: int = 16) -> Tensor:
    coarse = torch.rand(count, channels, 4, 4, generator=torch.Generator().manual_seed(5))
    return torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear").clamp(0, 1)


class TestDeclarations:
    def test_every_change_has_complete_settings_with_help(self) -> None:
        for type, spec in AUGMENTATIONS.items():
            made = augmentation(type)
            assert set(made.params) == {param.name for param in spec.params}
            assert spec.doc.endswith(".")
            assert all(param.help.endswith(".") for param in spec.params)
            assert set(spec.kinds) <= set(KINDS)

    def test_settings_are_checked(self) -> None:
        with pytest.raises(OptionError, match="from 0"):
            augmentation("Rotate", {"degrees": 200})
        with pytest.raises(OptionError, match="no 'Explode'"):
            augmentation("Explode")

    def test_only_what_fits_is_offered(self) -> None:
        columns = [column("x", "image", (3, 8, 8)), column("y", "text", (5,), "target")]
        assert {spec.type for spec in fitting(columns)} == {
            "Flip", "Crop", "Rotate", "Affine", "Colour", "Blur", "Noise", "Erase", "Mixup", "CutMix"}
        assert {spec.type for spec in fitting([column("x", "text", (5,))])} == {"WordDropout"}
        assert {spec.type for spec in fitting([column("x", "vector", (5,))])} == {"Noise", "Mixup"}

    def test_misfits_are_named(self) -> None:
        assert "kind image" in misfit(augmentation("Flip"), [column("x", "text", (5,))])
        wave = column("x", "audio", (1, 800), features="waveform")
        assert "spectrogram" in misfit(augmentation("FrequencyMask"), [wave])
        assert not misfit(augmentation("FrequencyMask"), [column("x", "audio", (10, 8))])
        assert "no augmentation 'Explode'" in misfit(Component("Explode"), [])

    def test_a_change_that_fits_nothing_does_nothing(self) -> None:
        words = part("words", "text", (4,))
        assert not Augmenter([augmentation("Flip")], Preparation((words,)), ["words"]).is_active
        assert not Augmenter([], Preparation((words,)), ["words"]).is_active


class TestAnyChange:
    def batch(self) -> tuple[list[Part], list[Tensor]]:
        parts = [picture_part(shape=(3, 12, 10)), part("sound", "audio", (20, 8)), part("row", "vector", (5,)),
                 part("words", "text", (7,)), part("label", "category", role="target")]
        draw = torch.Generator().manual_seed(1)
        return parts, [smooth_pictures(32, 3)[:, :, :12, :10], torch.randn(32, 20, 8, generator=draw),
                       torch.randn(32, 5, generator=draw), torch.randint(4, 50, (32, 7), generator=draw),
                       torch.arange(32) % 2]

    @pytest.mark.parametrize("type", AUGMENTATIONS)
    def test_the_seed_decides(self, type: str) -> None:
        parts, batch = self.batch()
        first, again, other = (changed(augmentation(type), parts, batch, seed) for seed in (3, 3, 4))
        assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
        assert not all(torch.equal(one, two) for one, two in zip(first, other, strict=True))
        assert all(torch.isfinite(values.float()).all() for values in first)

    @pytest.mark.parametrize("type", AUGMENTATIONS)
    def test_nobody_else_draws_other_numbers(self, type: str) -> None:
        parts, batch = self.batch()
        torch.manual_seed(9)
        state = torch.get_rng_state()
        changed(augmentation(type), parts, batch)
        assert torch.equal(state, torch.get_rng_state())

    @pytest.mark.parametrize("type", AUGMENTATIONS)
    def test_no_probability_is_no_change(self, type: str) -> None:
        parts, batch = self.batch()
        after = changed(augmentation(type, {"probability": 0.0}), parts, batch)
        for new, old in zip(after, batch, strict=True):
            assert torch.allclose(new.float(), old.float(), atol=1e-6)

    def test_memory_order_is_kept(self) -> None:
        batch = [smooth_pictures(8, 3).contiguous(memory_format=torch.channels_last)]
        changed([augmentation("Rotate"), augmentation("Flip"), augmentation("Blur")],
                [picture_part(shape=(3, 16, 16))], batch)


class TestPictures:
    def test_flips_half_of_them(self) -> None:
        pictures = smooth_pictures()
        [after] = changed(augmentation("Flip"), [picture_part()], [pictures])
        flipped = torch.tensor([torch.equal(new, old.flip(-1)) for new, old in zip(after, pictures, strict=True)])
        kept = torch.tensor([torch.equal(new, old) for new, old in zip(after, pictures, strict=True)])
        assert (flipped ^ kept).all()
        assert 0.4 < flipped.float().mean() < 0.6

    def test_angles_have_mean_zero_and_reach_both_ends(self) -> None:
        line = torch.zeros(COUNT, 1, 33, 33)
        line[:, :, 16, 20:] = 1.0
        [after] = changed(augmentation("Rotate", {"degrees": 30.0, "fill": "black"}),
                          [picture_part(shape=(1, 33, 33))], [line])
        places = torch.arange(33.0) - 16
        mass = after[:, 0].sum((1, 2))
        down = (after[:, 0] * places[:, None]).sum((1, 2)) / mass
        across = (after[:, 0] * places[None, :]).sum((1, 2)) / mass
        degrees = torch.atan2(down, across) * 180 / pi
        assert abs(degrees.mean()) < 2.5
        assert -31 < degrees.min() < -25
        assert 25 < degrees.max() < 31

    def test_rotation_keeps_circles_round_in_wide_pictures(self) -> None:
        disc = (((torch.arange(20.0)[:, None] - 9.5) ** 2 + (torch.arange(40.0)[None] - 19.5) ** 2) < 49).float()
        [after] = changed(augmentation("Rotate", {"degrees": 180.0, "fill": "black"}),
                          [picture_part(shape=(1, 20, 40))], [disc.repeat(50, 1, 1, 1)])
        assert (after - disc).abs().mean() < 0.02

    def test_shifts_and_zooms_have_their_size(self) -> None:
        dot = torch.zeros(COUNT, 1, 41, 41)
        dot[:, :, 15:26, 15:26] = 1.0
        still = {"shift": 0.0, "zoom": 0.0, "fill": "black"}
        part_of = [picture_part(shape=(1, 41, 41))]
        places = torch.arange(41.0) - 20
        [moved] = changed(augmentation("Affine", {**still, "shift": 0.2}), part_of, [dot])
        across = (moved[:, 0] * places[None]).sum((1, 2)) / moved[:, 0].sum((1, 2))
        assert abs(across.mean()) < 0.6
        assert 7.5 < across.max() < 8.3
        assert -8.3 < across.min() < -7.5
        [zoomed] = changed(augmentation("Affine", {**still, "zoom": 0.5}), part_of, [dot])
        factors = (zoomed[:, 0].sum((1, 2)) / 121).sqrt()
        assert 0.45 < factors.min() < 0.56
        assert 1.4 < factors.max() < 1.55

    def test_a_mask_turns_with_its_picture(self) -> None:
        classes = (smooth_pictures(64, 1, 32) > 0.5).squeeze(1).long()
        parts = [picture_part(shape=(1, 32, 32)), part("mask", "mask", (32, 32), "target")]
        for type in ("Flip", "Crop", "Rotate", "Affine", "CutMix"):
            pictures, masks = changed(augmentation(type), parts, [classes.unsqueeze(1).float(), classes])
            assert ((pictures.squeeze(1) > 0.5).long() == masks).float().mean() > 0.97, type
            assert not torch.equal(masks, classes), type

    def test_two_pictures_of_a_sample_move_alike(self) -> None:
        pictures = smooth_pictures(20)
        parts = [picture_part("left"), picture_part("right"), picture_part("answer", role="target")]
        left, right, answer = changed([augmentation("Rotate"), augmentation("Crop"), augmentation("Flip")], parts,
                                      [pictures, pictures, pictures])
        assert torch.equal(left, right)
        assert torch.equal(left, answer)

    def test_colours_change_inputs_only_and_stay_between_black_and_white(self) -> None:
        pictures = smooth_pictures(50, 3)
        parts = [picture_part(shape=(3, 16, 16)), picture_part("answer", (3, 16, 16), "target")]
        after, answer = changed(augmentation("Colour", {"brightness": 1.0}), parts, [pictures, pictures])
        assert torch.equal(answer, pictures)
        assert not torch.equal(after, pictures)
        assert after.min() >= 0.0
        assert after.max() <= 1.0 + 1e-6

    def test_colours_know_the_normalisation(self) -> None:
        pictures = smooth_pictures(50, 3)
        mean, scale = torch.tensor([0.2, 0.4, 0.5]).view(3, 1, 1), torch.tensor([0.3, 0.2, 0.1]).view(3, 1, 1)
        state = {"divide": 255.0, "mean": [0.2, 0.4, 0.5], "scale": [0.3, 0.2, 0.1], "white": 255.0}
        normal = part("picture", "image", (3, 16, 16), state=state)
        for type in ("Colour", "Noise", "Erase", "Blur"):
            [plain] = changed(augmentation(type), [picture_part(shape=(3, 16, 16))], [pictures])
            [scaled] = changed(augmentation(type), [normal], [(pictures - mean) / scale])
            assert torch.allclose(scaled * scale + mean, plain, atol=1e-4), type

    def test_blur_keeps_the_mean_and_takes_the_detail(self) -> None:
        pictures = torch.rand(20, 1, 24, 24)
        [after] = changed(augmentation("Blur", {"sigma": 2.0, "probability": 1.0}),
                          [picture_part(shape=(1, 24, 24))], [pictures])
        assert torch.allclose(after.mean((1, 2, 3)), pictures.mean((1, 2, 3)), atol=0.05)
        assert (after.std((1, 2, 3)) <= pictures.std((1, 2, 3)) + 1e-6).all()
        assert after.std() < 0.75 * pictures.std()

    def test_noise_has_its_deviation(self) -> None:
        grey = torch.full((COUNT, 1, 8, 8), 0.5)
        [after] = changed(augmentation("Noise", {"amount": 0.1}), [picture_part(shape=(1, 8, 8))], [grey])
        assert abs(after.mean() - 0.5) < 0.01
        assert 0.09 < after.std() < 0.11

    def test_erased_areas_are_as_large_as_asked(self) -> None:
        pictures = smooth_pictures(COUNT, 1, 40)
        [after] = changed(augmentation("Erase", {"largest": 0.4, "probability": 1.0}),
                          [picture_part(shape=(1, 40, 40))], [pictures])
        share = (after != pictures).float().mean((1, 2, 3))
        assert share.max() <= 0.43
        assert 0.17 < share.mean() < 0.23


class TestMixing:
    PARTS = (picture_part(shape=(1, 8, 8)), part("number", "number", role="target"),
             part("label", "category", role="target"))

    def batch(self) -> list[Tensor]:
        """Sample i is i all over, in every column."""
        values = torch.arange(COUNT)
        return [values.float().view(-1, 1, 1, 1).expand(-1, 1, 8, 8).contiguous() / COUNT, values.float(), values]

    def test_numbers_mix_as_their_pictures_and_classes_are_drawn_by_share(self) -> None:
        pictures, numbers, labels = changed(augmentation("Mixup", {"alpha": 1.0}), list(self.PARTS), self.batch())
        assert torch.allclose(pictures[:, 0, 0, 0] * COUNT, numbers, atol=0.05)
        own = torch.arange(COUNT)
        taken = labels != own
        share = (numbers - own) / (labels - own)
        assert ((share[taken] > 0) & (share[taken] <= 0.501)).all(), "a sample keeps the larger share of itself"
        assert abs(taken.float().mean() - 0.25) < 0.07, "as often as the mean share of the other sample"

    def test_cutmix_pastes_whole_pixels(self) -> None:
        pictures, numbers, labels = changed(augmentation("CutMix", {"probability": 1.0}), list(self.PARTS),
                                            self.batch())
        kinds = torch.tensor([len(picture.unique()) for picture in pictures])
        assert kinds.max() == 2
        assert torch.allclose(pictures.mean((1, 2, 3)) * COUNT, numbers, atol=0.05)
        assert abs((labels != torch.arange(COUNT)).float().mean() - 0.25) < 0.07

    def test_what_cannot_be_blended_comes_whole_with_the_answer(self) -> None:
        words = torch.arange(COUNT).view(-1, 1).expand(-1, 4).contiguous()
        lengths = torch.arange(COUNT)
        parts = [part("row", "vector", (1,)), part("words", "text", (4,)), part("label", "category", role="target")]
        names = ["row", "words", "words" + LENGTHS, "label"]
        batch = [torch.arange(COUNT).view(-1, 1).float(), words, lengths, torch.arange(COUNT)]
        augmenter = Augmenter([augmentation("Mixup", {"alpha": 1.0})], Preparation(tuple(parts)), names)
        _row, words, lengths, label = augmenter(batch, torch.Generator().manual_seed(0))
        assert torch.equal(words[:, 0], label)
        assert torch.equal(words[:, 3], label)
        assert torch.equal(lengths, label)
        assert not torch.equal(label, torch.arange(COUNT))


class TestSequences:
    def test_time_and_frequency_masks_hide_spans(self) -> None:
        values = torch.randn(COUNT, 30, 10)
        for type, axis in (("TimeMask", 1), ("FrequencyMask", 2)):
            [after] = changed(augmentation(type, {"largest": 0.5}), [part("sound", "audio", (30, 10))], [values])
            hidden = (after != values).all(3 - axis)
            assert torch.equal(hidden, (after != values).any(3 - axis))
            assert 0.2 < hidden.float().mean() < 0.3
            edges = torch.diff(hidden.int(), dim=1).abs().sum(1)
            assert edges.max() <= 2, "one span in one piece"
            assert torch.allclose(after.mean(), values.mean(), atol=0.02)

    def test_a_shift_keeps_what_there_is_and_leaves_the_padding(self) -> None:
        values = torch.arange(12.0).view(1, 12, 1).repeat(50, 1, 1)
        sound = part("sound", "audio", (12, 1))
        lengths = torch.full((50,), 8)
        augmenter = Augmenter([augmentation("Shift", {"largest": 0.5})], Preparation((sound,)),
                              ["sound", "sound" + LENGTHS])
        after, same = augmenter([values, lengths], torch.Generator().manual_seed(0))
        assert torch.equal(same, lengths)
        assert torch.equal(after[:, 8:], values[:, 8:])
        assert torch.equal(after.sort(1).values, values)
        moved = after[:, 0, 0]
        assert moved.unique().numel() > 5

    def test_louder_is_the_same_in_wave_and_spectrogram(self) -> None:
        from engine.preparation import encode

        generator = np.random.default_rng(0)
        waves = [generator.normal(size=1600).astype(np.float32) * 0.1 for _ in range(6)]
        for features in ("log-mel", "mfcc"):
            settings = completed(KINDS["audio"].params, {"features": features, "seconds": 0.1, "bands": 16})
            shape = (11, 16 if features == "log-mel" else 13)
            spectra = Part("sound", "audio", "input", shape, (), settings)
            wave = part("sound", "audio", (1, 1600), features="waveform")
            before = torch.from_numpy(encode(spectra, {"sound": waves}).values)
            [loud] = changed(augmentation("Gain"), [wave], [torch.from_numpy(np.stack(waves)[:, None])])
            [expected] = changed(augmentation("Gain"), [spectra], [before])
            direct = torch.from_numpy(encode(spectra, {"sound": list(loud[:, 0].numpy())}).values)
            assert torch.allclose(direct, expected, atol=2e-3), features
            assert not torch.allclose(before, expected, atol=0.1)

    def test_words_are_dropped_but_no_padding_and_no_marks(self) -> None:
        words = torch.cat([torch.full((COUNT, 1), 2), torch.full((COUNT, 30), 9), torch.full((COUNT, 1), 3),
                           torch.zeros(COUNT, 8, dtype=torch.long)], 1)
        [after] = changed(augmentation("WordDropout", {"amount": 0.3}), [part("words", "text", (40,), marks=True)],
                          [words])
        assert torch.equal(after[:, 0], words[:, 0])
        assert torch.equal(after[:, 31:], words[:, 31:])
        middle = after[:, 1:31]
        assert set(middle.unique().tolist()) == {1, 9}
        assert abs((middle == 1).float().mean() - 0.3) < 0.02

    def test_noise_on_numbers(self) -> None:
        zeros = torch.zeros(COUNT, 6)
        [after] = changed(augmentation("Noise", {"amount": 0.5}), [part("row", "vector", (6,))], [zeros])
        assert abs(after.mean()) < 0.05
        assert 0.45 < after.std() < 0.55
