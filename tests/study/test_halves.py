from spinescan.study.halves import half_of


def test_names_fall_into_two_halves_of_about_the_same_size() -> None:
    halves = [half_of(f"film_{i:03}.jpg") for i in range(400)]
    assert set(halves) == {"a", "b"}
    assert 160 <= halves.count("a") <= 240


def test_a_name_stays_where_it_is() -> None:
    assert [half_of(name) for name in ("x", "film_001.jpg", "s002")] == ["b", "a", "b"]
