// The room LinearAlgebra.
