#!/bin/sh
# Writes the Swift of the .proto files in this folder, with protoc (`pip install grpcio-tools` has one) and
# protoc-gen-swift of swift-protobuf 1.39.0 (`swift build --product protoc-gen-swift`):
#   PROTOC="python3 -m grpc_tools.protoc" PLUGIN=path/to/protoc-gen-swift ./make_swift.sh
set -eu
cd "$(dirname "$0")"
${PROTOC:-protoc} --plugin=protoc-gen-swift="${PLUGIN:?path to protoc-gen-swift}" \
    --swift_opt=Visibility=Internal --swift_opt=UseAccessLevelOnImports=true --swift_out=. -I. ./*.proto
