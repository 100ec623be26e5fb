// swift-tools-version: 6.1
import PackageDescription

// The rooms of the house, in the order in which the data flows. A room may import what stands in its row, and nothing
// else: `make build` compiles with the explicit import check, and HouseTests compares the import lines with this list.

let rooms: [Target] = [
    // C libraries: module maps and `static inline` shims.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CNumerics", providers: [.apt(["libopenblas-dev", "liblapacke-dev", "libgsl-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CArchives", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev", "libzip-dev"])]),
    .target(name: "CKernels"),
    .target(name: "CImages", linkerSettings: [.linkedLibrary("png16"), .linkedLibrary("jpeg")]),

    // Foundations.
    .target(name: "HDF5", dependencies: ["CHDF5"]),
    .target(name: "Randomness"),
    .target(name: "Tables"),
    .target(name: "LinearAlgebra", dependencies: ["CNumerics"]),
    .target(name: "Statistics", dependencies: ["CNumerics", "Randomness"]),
    .target(name: "Fitting", dependencies: ["CNumerics", "LinearAlgebra", "Statistics", "Randomness"]),

    // From the study to the store.
    .target(name: "Studies", dependencies: [.product(name: "Yams", package: "Yams")]),
    .target(name: "Records"),
    .target(name: "Datasets", dependencies: ["CArchives", "CImages", "Randomness"]),
    .target(
        name: "Training",
        dependencies: ["Datasets", "Records", "LinearAlgebra", "COneDNN", "CKernels", "Randomness"]),
    .target(
        name: "RunStore",
        dependencies: ["HDF5", "Records", "CKernels", .product(name: "Crypto", package: "swift-crypto")]),
    .target(
        name: "Importers",
        dependencies: [
            "RunStore", "HDF5", "Records", "Tables", "CArchives",
            .product(name: "SwiftProtobuf", package: "swift-protobuf"), .product(name: "GRDB", package: "GRDB.swift"),
        ],
        exclude: ["Logs/Generated/make_swift.sh", "Logs/Generated/tensorboard.proto", "Logs/Generated/wandb.proto"]),

    // From the store to the answer.
    .target(name: "Scoring", dependencies: ["LinearAlgebra", "Statistics", "CKernels"]),
    .target(name: "Selection", dependencies: ["Scoring", "Datasets", "LinearAlgebra", "CKernels", "Randomness"]),
    .target(
        name: "Distillation",
        dependencies: ["Training", "Selection", "Datasets", "LinearAlgebra", "Statistics", "Randomness"]),
    .target(name: "Analysis", dependencies: ["Fitting", "Statistics", "Tables"]),
    .target(name: "Figures", dependencies: ["Analysis", "Tables", "CArchives"]),
]

let library = rooms.filter { $0.type == .regular && !["CKernels", "CImages"].contains($0.name) }.map(\.name)
let everything: [Target.Dependency] = library.map { .init(stringLiteral: $0) }

let withFixtures: Set = [
    "Analysis", "Datasets", "Distillation", "Fitting", "Importers", "RunStore", "Scoring", "Selection", "Statistics",
    "Studies",
    "Training",
    "Workflow",
]

let package = Package(
    name: "Assay",
    products: [
        .executable(name: "assay", targets: ["assay"]),
        .library(name: "AssayKit", targets: ["AssayKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: rooms + [
        .target(
            name: "Workflow",
            dependencies: everything + [.product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "AssayKit", dependencies: everything + ["Workflow"]),
        .executableTarget(
            name: "assay",
            dependencies: everything + [
                "Workflow", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            // Swift's libraries inside a program at a fixed address: half the start-up time and 7 MB less memory
            // (docs/decisions.md). Only the program is linked so, hence no test target may depend on it.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-static-stdlib", "-lCoreFoundation", "-l_FoundationCShims", "-l_FoundationCollections",
                        "-l_FoundationICU", "-lstdc++", "-Xclang-linker", "-no-pie", "-use-ld=lld",
                    ], .when(platforms: [.linux], configuration: .release))
            ]),
    ]
        // Timed beside their peers by Benchmarks/*.py.
        + [
            .executableTarget(
                name: "bench-fit", dependencies: ["Analysis", "Fitting", "Tables", "Randomness"], path: "Benchmarks/fit"
            ),
            .executableTarget(
                name: "bench-store", dependencies: ["RunStore", "Scoring", "Selection", "Workflow"],
                path: "Benchmarks/store"),
            .executableTarget(
                name: "bench-train", dependencies: ["Training", "Randomness"], path: "Benchmarks/train"),
            .executableTarget(
                name: "bench-dcs", dependencies: ["Analysis", "Statistics", "Tables", "Randomness"],
                path: "Benchmarks/dcs"),
        ]
        // Notebooks as scripts: one executable each.
        + ["fit-the-demo", "error-by-regime", "choose-a-law", "a-new-loss"].map { name in
            .executableTarget(name: name, dependencies: ["AssayKit"], path: "notebooks-as-scripts/\(name)")
        }
        + (["House"] + library + ["Workflow"]).map { room in
            .testTarget(
                name: room + "Tests",
                dependencies: room == "House" ? [] : room == "Workflow" ? everything + ["Workflow"] : everything,
                exclude: withFixtures.contains(room) ? ["Fixtures"] : [],
                // What most tests compute, the rooms compute for them: optimising them would cost minutes of compiling.
                swiftSettings: ["Selection", "Training"].contains(room) ? [] : [.unsafeFlags(["-Onone"])])
        },
    swiftLanguageModes: [.v6]
)
