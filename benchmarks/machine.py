"What the benchmarks ran on, as JSON; without the name of the machine."
import json, os, platform, re
from pathlib import Path
cpu = re.search(r'model name\s*:\s*(.+)', Path('/proc/cpuinfo').read_text())[1]
flags = re.search(r'flags\s*:\s*(.+)', Path('/proc/cpuinfo').read_text())[1].split()
extra = [f for f in ('avx512f', 'avx512_bf16', 'amx_bf16') if f in flags]
mem = int(re.search(r'MemTotal:\s*(\d+)', Path('/proc/meminfo').read_text())[1]) / 2**20
print(json.dumps({'processor': f"{cpu} ({', '.join(extra)})", 'processors': len(os.sched_getaffinity(0)), 'memory_GB': round(mem), 'system': f'{platform.system()} {platform.machine()}'}, indent=1))
