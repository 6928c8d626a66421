"""What people, programs and disks do to files, each a function of the tree; which one is the next is chance."""

import os
from collections.abc import Callable
from itertools import pairwise

from tests.reliability.material import SUFFIXES
from tests.reliability.tree import Tree

Operation = Callable[[Tree], None]
MOST_FILES = 70


def create(tree: Tree) -> None:
    path = tree.free(tree.chance.choice(tree.folders()))
    tree.write(path, tree.material.content(os.path.splitext(path)[1]))
    tree.note("create", path)


def create_sample(tree: Tree) -> None:
    suffix, content = tree.material.sample()
    path = tree.free(tree.chance.choice(tree.folders()), suffix)
    tree.write(path, content)
    tree.note("create sample", path)


def damage(tree: Tree) -> None:
    suffix, content = tree.material.damaged()
    there = [path for path in tree.files() if path.endswith(suffix)]
    path = tree.chance.choice([*there, tree.free(tree.chance.choice(tree.folders()), suffix)])
    tree.write(path, content)
    tree.note("damage", path)


def edit(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    tree.edit(path, tree.material.content(os.path.splitext(path)[1]))
    tree.note("edit", path)


def edit_secretly(tree: Tree) -> None:
    """Other bytes of the same number, and the modification time put back."""
    path = tree.chance.choice([path for path in tree.files() if path.endswith((".txt", ".md", ".csv"))] or tree.files())
    content = bytearray(_bytes(path))
    letters = [place for place, byte in enumerate(content) if chr(byte).isascii() and chr(byte).islower()]
    for place in tree.chance.sample(letters, min(5, len(letters))):
        content[place] = ord("a") + (content[place] - ord("a") + 1) % 26
    tree.edit(path, bytes(content), secretly=True)
    tree.note("edit secretly", path)


def append(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    tree.edit(path, _bytes(path) + b"\n\n" + tree.material.paragraph().encode())
    tree.note("append", path)


def truncate(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    content = _bytes(path)
    tree.edit(path, content[: tree.chance.randrange(len(content) + 1)])
    tree.note("truncate", path)


def rename(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    to = tree.free(os.path.dirname(path), os.path.splitext(path)[1])
    tree.move(path, to)
    tree.note("rename", path, to)


def rename_suffix(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    to = tree.free(os.path.dirname(path), tree.chance.choice((".txt", ".md", ".xyz", ".tmp")))
    tree.move(path, to)
    tree.note("rename suffix", path, to)


def rename_chain(tree: Tree) -> None:
    """a to b, b to c, c to what is free; or, in a ring, c to a."""
    files = tree.files()
    chain = tree.chance.sample(files, min(len(files), tree.chance.choice((2, 2, 3, 5))))
    aside = tree.free(os.path.dirname(chain[-1]), os.path.splitext(chain[-1])[1])
    tree.move(chain[-1], aside)
    for path, to in reversed(list(pairwise(chain))):
        tree.move(path, to)
    is_ring = tree.chance.random() < 0.6
    if is_ring and len(chain) > 1:
        tree.move(aside, chain[0])
    tree.note("rename ring" if is_ring else "rename chain", *chain)


def swap(tree: Tree) -> None:
    """Two files of one suffix change places."""
    files = tree.files()
    one = tree.chance.choice(files)
    alike = [path for path in files if path != one and os.path.splitext(path)[1] == os.path.splitext(one)[1]]
    if not alike:
        return
    other, aside = tree.chance.choice(alike), tree.free(os.path.dirname(one), ".aside")
    tree.move(one, aside)
    tree.move(other, one)
    tree.move(aside, other)
    tree.note("swap", one, other)


def move(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    to = tree.free(tree.chance.choice(tree.folders()), os.path.splitext(path)[1])
    tree.move(path, to)
    tree.note("move", path, to)


def move_onto(tree: Tree) -> None:
    """As editors save: a new file takes the place of the old one."""
    files = tree.files()
    path, to = tree.chance.choice(files), tree.chance.choice(files)
    if path != to:
        tree.move(path, to)
        tree.note("move onto", path, to)


def copy(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    to = tree.free(tree.chance.choice(tree.folders()), os.path.splitext(path)[1])
    tree.copy(path, to)
    tree.note("copy", path, to)


def hard_link(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    to = tree.free(tree.chance.choice(tree.folders()), os.path.splitext(path)[1])
    os.link(path, to)
    tree.touched.add(to)
    tree.note("hard link", path, to)


def delete(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    tree.remove(path)
    tree.note("delete", path)


def recreate(tree: Tree) -> None:
    """The same name again, with other words or with the same."""
    path = tree.chance.choice(tree.files())
    content = _bytes(path)
    tree.remove(path)
    if tree.chance.random() < 0.5:
        content = tree.material.content(os.path.splitext(path)[1])
    tree.write(path, content)
    tree.note("recreate", path)


def touch(tree: Tree) -> None:
    path = tree.chance.choice(tree.files())
    when = tree.chance.choice((0, 10**18, 4 * 10**18, os.lstat(path).st_mtime_ns - 1))
    os.utime(path, ns=(when, when))
    tree.touched.add(path)
    tree.note("touch", path)


def change_mode(tree: Tree) -> None:
    path = tree.chance.choice([*tree.files(), *tree.branches()])
    mode = os.lstat(path).st_mode
    os.chmod(path, 0)
    os.chmod(path, mode)
    tree.touched.add(path)
    tree.note("change mode", path)


def symbolic_link(tree: Tree) -> None:
    """To a file, to a folder above itself, to nothing, out of the tree."""
    path = tree.free(tree.chance.choice(tree.folders()), tree.chance.choice(SUFFIXES))
    to = tree.chance.choice((tree.chance.choice(tree.files()), os.path.dirname(path), path, "nothing", tree.stash))
    os.symlink(to, path)
    tree.touched.add(path)
    tree.note("symbolic link", path)


def become_link(tree: Tree) -> None:
    """A file moves away and leaves a link to itself; not a watched one, for which either path would do."""
    path = tree.chance.choice([path for path in tree.files() if path != tree.roots[3]])
    to = tree.free(tree.chance.choice(tree.folders()), os.path.splitext(path)[1])
    tree.move(path, to)
    os.symlink(to, path)
    tree.note("become link", path, to)


def drop_links(tree: Tree) -> None:
    for path in [entry.path for entry in tree.entries() if entry.is_symlink()]:
        tree.remove(path)
        tree.note("drop link", path)


def pipe(tree: Tree) -> None:
    """Opening one would wait for ever."""
    path = os.path.join(tree.chance.choice(tree.folders()), f"pipe{tree.chance.randrange(10**6)}.txt")
    os.mkfifo(path)
    tree.touched.add(path)
    tree.note("pipe", path)


def make_folders(tree: Tree) -> None:
    """A tree that is new as a whole."""
    top = tree.free(tree.chance.choice(tree.folders()), "")
    inner = os.path.join(top, tree.material.stem(), tree.material.stem())
    tree.make_folder(inner)
    tree.touched.add(top)
    for folder in (top, inner):
        for _ in range(tree.chance.randrange(3)):
            path = tree.free(folder)
            tree.write(path, tree.material.content(os.path.splitext(path)[1]))
    tree.note("make folders", inner)


def rename_folder(tree: Tree) -> None:
    branches = tree.branches()
    if branches:
        path = tree.chance.choice(branches)
        to = tree.free(os.path.dirname(path), "")
        if tree.fits(path, to):
            tree.move(path, to)
            tree.note("rename folder", path, to)


def move_folder(tree: Tree) -> None:
    branches = tree.branches()
    if branches:
        path = tree.chance.choice(branches)
        places = [each for each in tree.folders() if each != path and not each.startswith(path + os.sep)]
        to = tree.free(tree.chance.choice(places), "")
        if tree.fits(path, to):
            tree.move(path, to)
            tree.note("move folder", path, to)


def move_out(tree: Tree) -> None:
    """Out of all watched folders."""
    path = tree.chance.choice([*tree.files(), *tree.branches()])
    to = tree.free(tree.stash, os.path.splitext(path)[1])
    tree.move(path, to)
    tree.note("move out", path, to)


def move_in(tree: Tree) -> None:
    roots = set(tree.unplugged.values())
    outside = sorted(path for name in os.listdir(tree.stash) if (path := os.path.join(tree.stash, name)) not in roots)
    if outside:
        path = tree.chance.choice(outside)
        to = tree.free(tree.chance.choice(tree.folders()), os.path.splitext(path)[1])
        tree.move(path, to)
        tree.note("move in", path, to)


def copy_folder(tree: Tree) -> None:
    branches = [path for path in tree.branches() if not any(each.startswith(path) for each in tree.hidden_paths())]
    if branches:
        path, place = tree.chance.choice(branches), tree.chance.choice(tree.roots[:1])
        to = tree.free(place, "")
        if tree.fits(path, to):
            tree.copy(path, to)
            tree.note("copy folder", path, to)


def delete_folder(tree: Tree) -> None:
    branches = tree.branches()
    if branches:
        path = tree.chance.choice(branches)
        tree.remove(path)
        tree.note("delete folder", path)


def become_folder(tree: Tree) -> None:
    """A file gives way to a folder of its name, with a file in it."""
    path = tree.chance.choice(tree.files())
    content = _bytes(path)
    tree.remove(path)
    tree.make_folder(path)
    tree.write(os.path.join(path, "inside.txt"), content)
    tree.note("become folder", path)


def become_file(tree: Tree) -> None:
    named = [path for path in tree.branches() if os.path.splitext(path)[1] in SUFFIXES]
    if tree.roots[3] in tree.folders():
        named.append(tree.roots[3])
    if named:
        path = tree.chance.choice(named)
        tree.remove(path)
        tree.write(path, tree.material.content(os.path.splitext(path)[1]))
        tree.note("become file", path)


def litter(tree: Tree) -> None:
    """Files that every folder leaves out, one of them moved there."""
    folder = os.path.join(tree.chance.choice(tree.folders()), tree.chance.choice(("node_modules", ".git", "drafts")))
    if not os.path.lexists(folder):
        tree.make_folder(folder)
    if os.path.isdir(folder):
        path = tree.chance.choice(tree.files())
        to = tree.free(folder, os.path.splitext(path)[1])
        (tree.move if tree.chance.random() < 0.5 else tree.copy)(path, to)
        tree.note("litter", path, to)


def hide_folder(tree: Tree) -> None:
    branches = tree.branches()
    if branches:
        path = tree.chance.choice(branches)
        tree.hide(path, hidden=True)
        tree.note("hide folder", path)


def show_folder(tree: Tree) -> None:
    for path in tree.hidden_paths():
        tree.hide(path, hidden=False)
        tree.note("show folder", path)


def unplug(tree: Tree) -> None:
    """The root of a folder goes, or an empty mount point is left; the nested one may go into the one around it."""
    there = [root for root in tree.roots[1:3] if root not in tree.unplugged and os.path.isdir(root)]
    if not there or not os.path.isdir(tree.roots[0]):
        return
    root = tree.chance.choice(there)
    inside = root == tree.roots[1] and tree.chance.random() < 0.3
    to = os.path.join(tree.roots[0] if inside else tree.stash, f"unplugged {tree.counts.total()}")
    tree.move(root, to)
    tree.unplugged[root] = to
    if tree.chance.random() < 0.5:
        tree.make_folder(root)
        tree.foreign.add(root)
    tree.note("unplug", root, to)


def replug(tree: Tree) -> None:
    """What was put into an empty mount point is below the drive again, and not to be seen."""
    for root, to in list(tree.unplugged.items()):
        if os.path.isdir(to) and os.path.isdir(os.path.dirname(root)):
            if os.path.isdir(root):
                tree.move(root, os.path.join(tree.stash, f"below {tree.counts.total()}"))
            if not os.path.lexists(root):
                tree.move(to, root)
                tree.foreign.discard(root)
                tree.note("replug", root)
        if not os.path.isdir(to):
            tree.unplugged.pop(root, None)
    for root in tree.roots[1:]:
        if not os.path.lexists(root) and root not in tree.unplugged and os.path.isdir(os.path.dirname(root)):
            path = root if root == tree.roots[3] else os.path.join(root, "anew.txt")
            if path != root:
                tree.make_folder(root)
            tree.write(path, tree.material.content(".txt"))
            tree.note("begin anew", root)


WEIGHTS: dict[Operation, int] = {
    create: 10, create_sample: 3, damage: 2, edit: 5, edit_secretly: 3, append: 4, truncate: 2, rename: 4,
    rename_suffix: 2, rename_chain: 3, swap: 3, move: 4, move_onto: 2, copy: 3, hard_link: 1, delete: 4, recreate: 2,
    touch: 2, change_mode: 1, symbolic_link: 2, become_link: 1, drop_links: 1, pipe: 1, make_folders: 2,
    rename_folder: 2, move_folder: 2, move_out: 2, move_in: 2, copy_folder: 1, delete_folder: 1, become_folder: 1,
    become_file: 1, litter: 1, hide_folder: 2, show_folder: 2, unplug: 6, replug: 5,
}  # fmt: skip
_SHRINKING = (delete, delete_folder, move_out)


def happen(tree: Tree, favoured: tuple[str, ...] = ()) -> None:
    """One operation. favoured: names of those that happen more often."""
    files = tree.files()
    if len(files) < 5:
        create(tree)
        return
    names = {operation: 30 if operation.__name__ in favoured else weight for operation, weight in WEIGHTS.items()}
    if len(files) > MOST_FILES:
        names |= dict.fromkeys(_SHRINKING, 20)
    tree.chance.choices(list(names), list(names.values()))[0](tree)


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
