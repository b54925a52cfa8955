/* SPDX-License-Identifier: Apache-2.0
 * chain.h - three virtual servers, each the backup of the one before, and clients that the test
 * itself admits to the first.
 */
#pragma once

#include "house.h"

struct scene {
	struct house *house;
	uint32_t ids[3]; /* a chain: each is the backup of the one before */
};

/* Virtual servers with those limits, each with one service that is up. */
static inline struct scene begin(const int64_t limits[3])
{
	struct scene scene = { .house = house_new(1) };

	for (int i = 0; i < 3; i++) {
		uint32_t service = house_service(scene.house, 9, 0);

		scene.ids[i] = house_vserver(scene.house, limits[i]);
		house_bind(scene.house, scene.ids[i], service);
		if (i > 0)
			scene.house->vservers[scene.ids[i - 1]].backup = scene.ids[i];
	}
	house_enter(scene.house);
	house_publish(scene.house);
	return scene;
}

static inline struct vserver *slot(const struct scene *scene, int index)
{
	return proxy_vserver(scene->house->proxies[0], scene->ids[index]);
}

#define STAT(scene, index, field) house_vserver_stat((scene)->house, (scene)->ids[index], field)

/* Who serves the next client; -1: it is refused, -2: it is redirected. */
static inline int admit(const struct scene *scene)
{
	const struct address peer = house_loopback(1000);
	struct admission in = { .reached = slot(scene, 0),
				.peer = &peer,
				.waited_ms = ADMISSION_NO_WAIT };

	switch (admission_decide(&in)) {
	case ADMIT_OK:
		for (int i = 0; i < 3; i++)
			if (in.serving == slot(scene, i))
				return i;
		break;
	case ADMIT_REFUSE:
		return -1;
	case ADMIT_REDIRECT:
		assert_non_null(in.serving->redirect_url);
		return -2;
	case ADMIT_QUEUE:
	case ADMIT_AGAIN:
		break;
	}
	fail();
	return 0;
}

static inline void leave(const struct scene *scene, int index, int times)
{
	for (int i = 0; i < times; i++)
		admission_leave(slot(scene, index));
}
