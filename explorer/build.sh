#!/bin/sh
# Builds the explorer into gateway/explorer_static. Does nothing when nothing changed since the last build.
set -eu
cd "$(dirname "$0")"
target=../gateway/explorer_static

sources=$(find .npmrc package.json package-lock.json vite.config.js index.html build.sh src -type f |
  LC_ALL=C sort | xargs cksum | cksum)
if [ -f "$target/.built" ] && [ "$(cat "$target/.built")" = "$sources" ]; then
  exit 0
fi

if ! command -v npm >/dev/null 2>&1 || ! node -e '
  const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);
' 2>/dev/null; then
  echo "explorer: not built, it needs npm and Node.js 20.19, 22.12 or newer" >&2
  exit 0
fi

echo "explorer: building (a minute or so)"
packages=$(cat package.json package-lock.json .npmrc | cksum)
if [ ! -f node_modules/.installed ] || [ "$(cat node_modules/.installed)" != "$packages" ]; then
  npm ci --no-audit --no-fund --loglevel=error
  echo "$packages" >node_modules/.installed
fi
npm run --silent build -- --logLevel warn --emptyOutDir

# The stamp comes last: a build that was broken off is done again.
rm -rf "$target"
mv dist "$target"
echo "$sources" >"$target/.built"
