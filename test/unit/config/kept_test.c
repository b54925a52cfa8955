/* SPDX-License-Identifier: Apache-2.0
 * What is known but not supported is neither lost nor doubled: set merges, rm and unbind take away,
 * and it is printed so that it loads again.
 */
#include "config/kept.h"

#include "scene.h"

static void test_add(void **state)
{
	struct scene *scene = *state;

	scene_warns(scene, "add cs vserver c HTTP 10.0.0.1 80 -cltTimeout 5", "not yet supported");
	scene_has(scene, "\nadd cs vserver c HTTP 10.0.0.1 80 -cltTimeout 5\n");
	scene_bad(scene, "add cs vserver c HTTP 10.0.0.1 80", "already exists: cs vserver c");
	scene_good(scene, "bind cs vserver c -lbvserver x\nset cs vserver c -comment \"a b\"\n");
	scene_bad(scene, "bind cs vserver c -lbvserver x", "already exists");
	scene_good(scene, "rename cs vserver c d\n");
	scene_has(scene, "\nset cs vserver d -comment \"a b\"\n");
	scene_has(scene, "\nbind cs vserver d -lbvserver x\n");
	scene_bad(scene, "unbind cs vserver d -lbvserver y", "No such resource");
	scene_good(scene, "unbind cs vserver d -lbvserver x\nunset cs vserver d -comment\n");
	scene_has_not(scene, "comment");
	/* What looks like many names is one; as it is saved it is understood again. */
	scene_good(scene, "rename cs vserver d e[1-3]\n");
	scene_has(scene, "\nadd cs vserver \"e[1-3]\" HTTP 10.0.0.1 80");
	scene_good(scene, "rename cs vserver \"e[1-3]\" d\n");
	scene_good(scene, "rm cs vserver d\n");
	scene_has_not(scene, "cs vserver");
	scene_bad(scene, "rm cs vserver d", "No such resource: cs vserver d");
}

static void test_set(void **state)
{
	struct scene *scene = *state;

	scene_good(scene,
		   "set ns tcpProfile p -WS ENABLED -mss 1460\nset ns tcpprofile p -mss 1400 "
		   "-SACK ENABLED\nset ns tcpProfile q -mss 1\n");
	scene_has(scene, "\nset ns tcpProfile p -WS ENABLED -mss 1400 -SACK ENABLED\n"
			 "set ns tcpProfile q -mss 1\n");
	scene_good(scene, "unset ns tcpProfile p -WS\nunset ns tcpProfile p -mss -SACK\n");
	scene_has_not(scene, "tcpProfile p");
	/* The needed option tells which one is meant. */
	scene_good(scene, "set nd6RAvariables -vlan 1\nset nd6RAvariables -vlan 2 -linkMTU 1400\n"
			  "set nd6RAvariables -vlan 2 -linkMTU 1300\n");
	scene_has(scene,
		  "\nset nd6RAvariables -vlan 1\nset nd6RAvariables -vlan 2 -linkMTU 1300\n");
}

static void test_states(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "enable ns feature LB CS\nenable feature LB CS\nenable ns feature SSL\n");
	scene_has(scene, "\nenable ns feature SSL\n");
	scene_has(scene, "\nenable ns feature LB CS\n");
	scene_good(scene, "disable ns feature SSL\n");
	scene_has_not(scene, "enable ns feature SSL");
	scene_has(scene, "\ndisable ns feature SSL\n");
}

/* Of two with the same name the one whose places are all named goes. */
static void test_remove_exactly(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add route 10.0.0.0 255.0.0.0 10.1.1.1\n"
			  "add route 10.0.0.0 255.0.0.0 10.1.1.2\n"
			  "rm route 10.0.0.0 255.0.0.0 10.1.1.1\n");
	scene_has(scene, "\nadd route 10.0.0.0 255.0.0.0 10.1.1.2\n");
	scene_has_not(scene, "10.1.1.1");
	scene_good(scene, "link ssl certKey a b\n");
	scene_has(scene, "\nlink ssl certKey a b\n");
	scene_good(scene, "unlink ssl certKey a\n");
	scene_has_not(scene, "link");
}

/* The TLS side of a virtual server goes and is renamed with it. */
static void test_follow(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb vserver v SSL 10.0.0.1 443\nbind ssl vserver v -certkeyName c\n"
			  "set ssl vserver v -ssl3 DISABLED\nbind ssl vserver w -certkeyName c\n"
			  "rename lb vserver v v2\n");
	scene_has(scene, "\nbind ssl vserver v2 -certkeyName c\n");
	scene_good(scene, "rm lb vserver v2\n");
	scene_has_not(scene, "v2");
	scene_has(scene, "\nbind ssl vserver w -certkeyName c\n");
}

/* What adds stands before our own objects, what refers to them behind. */
static void test_order(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "bind ssl vserver v -certkeyName c\nadd lb vserver v SSL 10.0.0.1 443\n"
			  "add ssl certKey c -cert x\n");
	scene_has(scene, "\nadd ssl certKey c -cert x\nadd lb vserver v SSL 10.0.0.1 443\n"
			 "bind ssl vserver v -certkeyName c\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_add),    SCENE_TEST(test_set),
		SCENE_TEST(test_states), SCENE_TEST(test_remove_exactly),
		SCENE_TEST(test_follow), SCENE_TEST(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
