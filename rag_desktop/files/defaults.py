"""What is left out of every folder unless a person brings it back: patterns in the syntax of .gitignore."""

DEFAULTS = r"""
# version control
.git
.hg
.svn
.bzr
CVS/

# dependencies and caches of programs
node_modules/
bower_components/
site-packages/
__pycache__/
.venv/
venv/
.tox/
.nox/
.eggs/
.mypy_cache/
.ruff_cache/
.pytest_cache/
.hypothesis/
.ipynb_checkpoints/
.gradle/
.terraform/
.idea/
.vs/
.vscode/
.cache/
.npm/
.cargo/
.rustup/
.mozilla/
AppData/

# secrets
.ssh/
.gnupg/
.aws/
.azure/
.kube/
.docker/
.password-store/
*.pem
*.key
*.kdbx
*.p12
*.pfx
*.jks
*.keystore
id_rsa*
id_dsa*
id_ecdsa*
id_ed25519*
.netrc
_netrc
.pgpass
.git-credentials
.htpasswd
.env
.env.*

# the system, its waste bins and snapshots
.Trash*
**/share/Trash/
$RECYCLE.BIN/
RECYCLER/
System Volume Information/
lost+found/
.Spotlight-V100/
.fseventsd/
.DocumentRevisions-V100/
.TemporaryItems/
.snapshots/
.snapshot/
.zfs/
@eaDir/
.DS_Store
._*
Thumbs.db
desktop.ini
.directory
.nfs*
.fuse_hidden*

# litter of programs
~$*
.~lock.*#
*.swp
*.swo
*~
*.tmp
*.temp
*.part
*.partial
*.crdownload
*.download
"""
