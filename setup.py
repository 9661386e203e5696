"The package as settings.ini describes it."
import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
parser = ConfigParser(delimiters=['='])
parser.read(here/'settings.ini', encoding='utf-8')
settings = parser['DEFAULT']
readme = (here/'README.md').read_text(encoding='utf-8')
for start, kind in ((r'(!\[[^\]]*\]\()(?!https?:)', 'raw'), (r'(\]\()(?!https?:|#)', 'blob')): # links of the repository, as they read elsewhere
    readme = re.sub(start, rf"\1{settings['git_url']}/{kind}/{settings['branch']}/", readme)
extras = {name: settings[f'{name}_requirements'].split() for name in ('dev', 'timm', 'parquet', 'serve')}

setup(
    name=settings['lib_name'],
    version=settings['version'],
    description=settings['description'],
    long_description=readme,
    long_description_content_type='text/markdown',
    author=settings['author'],
    author_email=settings['author_email'],
    url=settings['git_url'],
    project_urls={'Documentation': settings['doc_host'] + settings['doc_baseurl'], 'Changelog': f"{settings['git_url']}/blob/{settings['branch']}/CHANGELOG.md"},
    license='Apache-2.0',
    keywords=settings['keywords'],
    python_requires=f">={settings['min_python']}",
    packages=find_packages(include=[settings['lib_path'], settings['lib_path'] + '.*']),
    package_data={settings['lib_path']: ['py.typed']},
    install_requires=settings['requirements'].split(),
    extras_require=extras,
    entry_points={'console_scripts': settings['console_scripts'].split(), 'nbdev': ['imgcls=imgcls._modidx:d']},
    classifiers=['Development Status :: 3 - Alpha', 'Intended Audience :: Science/Research', 'Programming Language :: Python :: 3',
                 'Topic :: Scientific/Engineering :: Artificial Intelligence', 'Framework :: Jupyter', 'Typing :: Typed',
                 *(f'Programming Language :: Python :: 3.{minor}' for minor in range(10, 14))],
    zip_safe=False,
)
