"""Which recipes there are, and their configs by name."""

import dataclasses
import re

import pytest
from recipe_scripts import RECIPES, load_script

from accel_tf.training.configs import TrainingConfig

catalogue = load_script("catalogue")
command_line = load_script("command_line")


def test_recipes_are_the_scripts_with_a_main():
    found = {recipe.name: recipe for recipe in catalogue.recipes()}
    scripts = {
        path.stem
        for folder in (RECIPES, RECIPES / "benchmarks")
        for path in folder.glob("*.py")
        if 'if __name__ == "__main__":\n    run(main)' in path.read_text()
    }
    assert set(found) == scripts and "train_accel" in scripts
    module = found["benchmark_accel"].module
    assert module == "accel_tf.recipes.benchmarks.benchmark_accel"
    for recipe in found.values():
        assert recipe.summary.endswith((".", "?"))
        assert "\n" not in recipe.summary


def test_every_config_names_its_recipe():
    recipes = {recipe.name for recipe in catalogue.recipes()}
    configs = catalogue.configs()
    for config in configs:
        assert config.recipe in recipes, config
        settings = command_line.load_config(config.name)
        assert isinstance(settings, TrainingConfig)
    outs = {command_line.load_config(config.name).out for config in configs}
    assert len(outs) == len(configs)


def test_a_config_reads_the_data_that_it_tells_to_build():
    told = 0
    for config in catalogue.configs():
        text = (catalogue.CONFIGS / f"{config.name}.py").read_text()
        pattern = r"build-data (\w+) .*?\bname=(\w+)"
        for builder, name in re.findall(pattern, text, re.DOTALL):
            settings = command_line.load_config(config.name)
            data = {settings.data, *getattr(settings, "mixed_in", {})}
            assert f"{builder}/{name}" in data, config
            told += 1
    assert told >= 2


def test_a_config_is_found_by_name_and_by_path():
    def read(*arguments):
        return command_line.read_config(
            "recipes/train_deeplab.py", "", TrainingConfig, arguments
        )

    path = str(RECIPES / "configs" / "camvid_update.py")
    assert read("camvid_update") == read(path)
    changed = read("camvid_update", "--set", "steps=3")
    assert changed == dataclasses.replace(read(path), steps=3)
    message = "no config 'camvid': .* camvid_reference, camvid_update"
    with pytest.raises(ValueError, match=message):
        read("camvid")
    with pytest.raises(ValueError, match="required: CONFIG"):
        read()


def test_a_recipe_is_loaded_by_name():
    for name in ("train_flow", "train_flow.py"):
        assert catalogue.load_recipe(name) is load_script("train_flow")
    with pytest.raises(ValueError, match="no recipe 'train'; there are "):
        catalogue.load_recipe("train")


def test_help_names_the_configs_of_the_recipe(capsys):
    with pytest.raises(SystemExit):
        load_script("train_flow").main(["--help"])
    text = capsys.readouterr().out
    assert text.startswith("usage: accel-tf recipe train_flow [-h]")
    assert "  video_flow: Flow network of accel_tiny on unlabelled" in text
    assert "camvid_psp" not in text
