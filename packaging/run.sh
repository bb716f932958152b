#!/bin/sh
# Opens the window with the bundled example; without a display, trains that example in the terminal instead.
set -eu
cd "$(dirname "$0")/.."
neuroloom=.venv/bin/neuroloom
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" = Darwin ]; then
    exec "$neuroloom"
fi
folder=runs/example-$(date +%Y%m%d-%H%M%S)
echo "There is no display here, so the example is trained in the terminal."
"$neuroloom" train resources/templates/perceptron.neuroloom --run-dir "$folder"
"$neuroloom" evaluate "$folder" --split test
"$neuroloom" export "$folder" --format onnx -o "$folder/perceptron.onnx"
cat <<TEXT
The run is in $folder, the exported model in $folder/perceptron.onnx.
For the window, run this on a machine with a display; over SSH use "ssh -X", on a server "xvfb-run .venv/bin/neuroloom".
TEXT
