"""Lets pyradiomics 3.0.1 be built on Python 3.12 and later; on the path only while install.sh builds it."""

import configparser

if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = configparser.ConfigParser
    configparser.ConfigParser.readfp = configparser.ConfigParser.read_file
