/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version: PACKAGE_VERSION, which configure defines, also where there was no configure.
 */
#ifndef LIB_VERSION_H
#define LIB_VERSION_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

#endif
