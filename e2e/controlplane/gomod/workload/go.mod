module edgewarm.io/e2e/workload

go 1.26.0
