# Sourced: what launchers need for more processes than processors, run by root and bound to no processor.
# Open MPI's words for it, and those of PRRTE.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
# Where the launcher starts nothing at all, not even `true`, there is nothing to test. It is $mpirun or $1.
timeout -k 5 60 "${mpirun:-$1}" -np 2 true > /dev/null 2>&1 ||
    { echo "SKIPPED: ${mpirun:-$1} starts no two processes here"; exit 77; }
