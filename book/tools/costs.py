"""Print what each notebook took when it was last executed for the book."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Print a line for each notebook and their sum."""
    path = ROOT / "_build" / "cost.json"
    if not path.exists():
        sys.exit(f"no {path.relative_to(ROOT)}: type make book")
    costs = json.loads(path.read_text("utf-8"))
    for name, cost in costs.items():
        print(f"{cost['cpu_seconds']:7.1f} CPU-seconds {cost['memory_mb']:7.0f} MB  {name}")
    print(f"{sum(cost['cpu_seconds'] for cost in costs.values()):7.1f} CPU-seconds in all")


if __name__ == "__main__":
    main()
