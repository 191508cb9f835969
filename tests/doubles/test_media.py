from tuyen_doubles.media import PICTURE_NAME, Media, MediaFile


def test_a_file_is_served_at_its_path() -> None:
    media = Media()
    file = MediaFile("image/png", b"png")
    path = media.add(file)
    assert media.get(path.removeprefix("/media/")) == file
    assert media.get("unknown") is None


def test_everybody_has_a_picture() -> None:
    picture = Media().get(PICTURE_NAME)
    assert picture is not None
    assert picture.content.startswith(b"\x89PNG")


def test_r9_6_the_oldest_files_are_forgotten() -> None:
    media = Media()
    large = MediaFile("video/mp4", bytes(30 * 1024 * 1024))
    paths = [media.add(large) for _ in range(3)]
    found = [media.get(path.removeprefix("/media/")) for path in paths]
    assert found == [None, large, large]
