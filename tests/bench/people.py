"""Names as people in Vietnam have them: a few family names, many given ones."""

import random

_FAMILY = {"Nguyễn": 38, "Trần": 11, "Lê": 10, "Phạm": 7, "Hoàng": 5, "Huỳnh": 5, "Phan": 5}
_FAMILY |= {"Vũ": 4, "Võ": 4, "Đặng": 3, "Bùi": 2, "Đỗ": 2, "Hồ": 2, "Ngô": 1, "Dương": 1}
_MIDDLE = {"Thị": 30, "Văn": 20, "Ngọc": 6, "Minh": 5, "Thanh": 5, "Hữu": 4, "Đức": 4, "Quốc": 4}
_MIDDLE |= {"Hồng": 4, "Kim": 4, "Thúy": 4, "Xuân": 3, "Gia": 3, "Bảo": 2, "Phương": 2}
_GIVEN = (
    *("Lan", "Vinh", "Hương", "Hoa", "Linh", "Trang", "Anh", "Hùng", "Dũng", "Tuấn", "Nam", "Hiếu"),
    *("Long", "Thảo", "Nga", "Mai", "Quỳnh", "Chi", "Nhung", "Yến", "Tâm", "Tú", "Khoa", "Phúc"),
    *("Lộc", "Tài", "Quân", "Khánh", "My", "Ngân", "Vân", "Nhi", "Thu", "Hà", "Hải", "Bình"),
    *("Cường", "Đạt", "Duy", "Kiệt", "Sơn", "Thắng", "Phượng", "Oanh", "Loan", "Dung", "Giang"),
    *("Trinh", "Tiên", "Uyên", "Vy", "Thư", "Ngọc", "Hạnh", "Hiền", "Thủy", "Tuyết", "Diễm", "Lệ"),
)
_RARE = {250: "Thục Quyên", 222: "Mộng Cầm", 5000: "William Wong"}
"""One customer in so many has this as a part of their name."""


def name_of(number: int) -> str:
    """Of a customer; always the same."""
    for each, part in _RARE.items():
        if number % each == 0:
            return f"{part} {number // each % 1000}"
    choice = random.Random(number)  # noqa: S311 - no secret
    (family,) = choice.choices(tuple(_FAMILY), tuple(_FAMILY.values()))
    (middle,) = choice.choices(tuple(_MIDDLE), tuple(_MIDDLE.values()))
    given = choice.choices(_GIVEN, k=choice.randint(1, 2))
    return " ".join((family, middle, *given))
