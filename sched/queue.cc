#include "sched/queue.h"

#include <algorithm>

#include "base/result.h"

namespace cloche::sched {
namespace {

Virtual to_virtual(int64_t ns, Weight weight) {
  return static_cast<Virtual>(ns) * kVirtualScale / weight;
}

int64_t to_ns(Virtual span, Weight weight) {
  const Virtual ns = span * weight / kVirtualScale;
  return static_cast<int64_t>(std::clamp<Virtual>(ns, INT64_MIN, INT64_MAX));
}

Virtual divide_down(Virtual a, int64_t b) {
  const Virtual quotient = a / b;
  return quotient * b > a ? quotient - 1 : quotient;
}

// Splitmix64: the tree's shape is that of a random one, but the same in every run.
uint32_t scatter(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return static_cast<uint32_t>(x >> 32);
}

void remove_from(std::vector<Entity*>& entities, const Entity& entity) {
  const auto found = std::find(entities.begin(), entities.end(), &entity);
  CHECK(found != entities.end());
  *found = entities.back();
  entities.pop_back();
}

}  // namespace

// The tree of the queued: a treap.
class Tree {
 public:
  static bool before(const Entity& a, const Entity& b) {
    return a.deadline_ != b.deadline_ ? a.deadline_ < b.deadline_ : a.order_ < b.order_;
  }

  static void sum_up(Entity& node) {
    node.least_vruntime_ = node.vruntime_;
    node.allowed_below_ = node.allowed_;
    for (const Entity* child : {node.left_, node.right_}) {
      if (!child) continue;
      node.least_vruntime_ = std::min(node.least_vruntime_, child->least_vruntime_);
      node.allowed_below_ |= child->allowed_below_;
    }
  }

  // Into what stands before `key` and the rest.
  static void split(Entity* node, const Entity& key, Entity*& low, Entity*& high) {
    if (!node) {
      low = high = nullptr;
      return;
    }
    if (before(*node, key)) {
      low = node;
      split(node->right_, key, node->right_, high);
    } else {
      high = node;
      split(node->left_, key, low, node->left_);
    }
    sum_up(*node);
  }

  static Entity* merge(Entity* low, Entity* high) {
    if (!low || !high) return low ? low : high;
    Entity* top = low->priority_ > high->priority_ ? low : high;
    if (top == low)
      low->right_ = merge(low->right_, high);
    else
      high->left_ = merge(low, high->left_);
    sum_up(*top);
    return top;
  }

  static void insert(Entity*& node, Entity& entity) {
    if (node && node->priority_ >= entity.priority_) {
      insert(before(entity, *node) ? node->left_ : node->right_, entity);
      sum_up(*node);
      return;
    }
    split(node, entity, entity.left_, entity.right_);
    node = &entity;
    sum_up(entity);
  }

  static void erase(Entity*& node, Entity& entity) {
    CHECK(node);
    if (node == &entity) {
      node = merge(entity.left_, entity.right_);
      entity.left_ = entity.right_ = nullptr;
      return;
    }
    erase(before(entity, *node) ? node->left_ : node->right_, entity);
    sum_up(*node);
  }

  // The first that may run on `worker` and got no more than `most`.
  static Entity* first_eligible(Entity* node, WorkerMask worker, Virtual most) {
    if (!node || !(node->allowed_below_ & worker) || node->least_vruntime_ > most) return nullptr;
    if (Entity* found = first_eligible(node->left_, worker, most)) return found;
    if ((node->allowed_ & worker) && node->vruntime_ <= most) return node;
    return first_eligible(node->right_, worker, most);
  }

  // The one of least vruntime that may run on `worker`, if it has less than `*least`.
  static void find_least(Entity* node, WorkerMask worker, Entity*& least) {
    if (!node || !(node->allowed_below_ & worker)) return;
    if (least && node->least_vruntime_ >= least->vruntime_) return;
    if ((node->allowed_ & worker) && (!least || node->vruntime_ < least->vruntime_)) least = node;
    find_least(node->left_, worker, least);
    find_least(node->right_, worker, least);
  }

  static void collect(Entity* node, std::vector<Entity*>& found) {
    if (!node) return;
    found.push_back(node);
    collect(node->left_, found);
    collect(node->right_, found);
  }
};

Virtual Queue::average() const { return root_ ? divide_down(weighted_sum_, weights_) : time_; }

WorkerMask Queue::allowed() const {
  WorkerMask all = root_ ? root_->allowed_below_ : 0;
  for (const auto& [when, entity] : apart_) all |= entity->allowed_;
  return all;
}

std::pair<Virtual, uint64_t> Queue::release(const Entity& entity) {
  return {entity.vruntime_ - kMaxAheadRequests * to_virtual(entity.slice_ns_, entity.weight_),
          entity.order_};
}

void Queue::insert(Entity& entity) {
  if (entity.priority_ == 0) entity.priority_ = scatter(entity.order_) | 1;
  entity.apart_ = release(entity).first > time_;
  if (entity.apart_) {
    apart_.emplace(release(entity), &entity);
    return;
  }
  Tree::insert(root_, entity);
  weighted_sum_ += entity.vruntime_ * entity.weight_;
  weights_ += entity.weight_;
}

void Queue::erase(Entity& entity) {
  if (entity.apart_) {
    CHECK(apart_.erase(release(entity)) == 1);
    return;
  }
  Tree::erase(root_, entity);
  weighted_sum_ -= entity.vruntime_ * entity.weight_;
  weights_ -= entity.weight_;
}

void Queue::note_time() {
  if (root_) time_ = std::max(time_, average());
  while (!apart_.empty() && apart_.begin()->first.first <= time_) {
    Entity& entity = *apart_.begin()->second;
    erase(entity);
    insert(entity);
    time_ = std::max(time_, average());
  }
}

void Queue::renew_request(Entity& entity) {
  if (entity.vruntime_ >= entity.deadline_)
    entity.deadline_ = entity.vruntime_ + to_virtual(entity.slice_ns_, entity.weight_);
}

void Queue::enter(Entity& entity) {
  CHECK(entity.place_ == Entity::Place::kOut);
  const Virtual request = to_virtual(entity.slice_ns_, entity.weight_);
  entity.vruntime_ = entity.known_ ? std::max(entity.vruntime_, time_ - request) : time_;
  entity.deadline_ = entity.vruntime_ + request;
  entity.known_ = true;
  all_weights_ += entity.weight_;
  entity.place_ = Entity::Place::kQueued;
  entity.order_ = ++orders_;
  insert(entity);
  note_time();
}

void Queue::leave(Entity& entity) {
  CHECK(entity.place_ != Entity::Place::kOut);
  if (entity.place_ == Entity::Place::kQueued)
    erase(entity);
  else
    remove_from(running_, entity);
  entity.place_ = Entity::Place::kOut;
  all_weights_ -= entity.weight_;
}

void Queue::start(Entity& entity) {
  CHECK(entity.place_ == Entity::Place::kQueued);
  erase(entity);
  running_.push_back(&entity);
  entity.behind_ = time_ - entity.vruntime_;
  entity.place_ = Entity::Place::kRunning;
}

void Queue::put_back(Entity& entity) {
  CHECK(entity.place_ == Entity::Place::kRunning);
  remove_from(running_, entity);
  entity.place_ = Entity::Place::kQueued;
  entity.order_ = ++orders_;
  const Virtual request = to_virtual(entity.slice_ns_, entity.weight_);
  const Virtual most_behind = std::max(entity.behind_, kMaxBehindRequests * request);
  entity.vruntime_ = std::max(entity.vruntime_, time_ - most_behind);
  renew_request(entity);
  insert(entity);
  note_time();
}

Entity* Queue::pick(unsigned worker) {
  const WorkerMask bit = bit_of(worker);
  if (root_) {
    if (Entity* found = Tree::first_eligible(root_, bit, average())) return found;
    Entity* least = nullptr;
    Tree::find_least(root_, bit, least);
    if (least) return least;
  }
  Entity* least = least_apart(bit);
  if (!least) return nullptr;
  // A request behind the others, not level with them: a group that gets more than its share on some
  // workers, by all but one of its tasks, would else never be chosen by the worker this one needs.
  const Virtual request = to_virtual(least->slice_ns_, least->weight_);
  bring_back(bit, least->vruntime_ - (time_ - request));
  return least;
}

Entity* Queue::least_apart(WorkerMask worker) const {
  Entity* least = nullptr;
  for (const auto& [when, entity] : apart_) {
    if (!(entity->allowed_ & worker)) continue;
    if (!least || entity->vruntime_ < least->vruntime_) least = entity;
  }
  return least;
}

// All that may run on this worker; they keep their order among each other.
void Queue::bring_back(WorkerMask worker, Virtual by) {
  shifted_.clear();
  for (const auto& [when, entity] : apart_)
    if (entity->allowed_ & worker) shifted_.push_back(entity);
  const size_t queued = shifted_.size();
  for (size_t i = 0; i < queued; ++i) erase(*shifted_[i]);
  for (Entity* entity : running_)
    if (entity->allowed_ & worker) shifted_.push_back(entity);
  for (size_t i = 0; i < shifted_.size(); ++i) {
    Entity& entity = *shifted_[i];
    entity.vruntime_ -= by;
    entity.deadline_ -= by;
    if (i < queued) insert(entity);
  }
}

void Queue::charge(Entity& entity, int64_t used_ns) {
  CHECK(used_ns >= 0);
  const bool queued = entity.place_ == Entity::Place::kQueued;
  if (queued) erase(entity);
  entity.vruntime_ += to_virtual(used_ns, entity.weight_);
  renew_request(entity);
  if (!queued) return;
  insert(entity);
  note_time();
}

void Queue::set_weight(Entity& entity, Weight weight) {
  CHECK(weight > 0);
  const bool queued = entity.place_ == Entity::Place::kQueued;
  if (queued) erase(entity);
  const Virtual left = entity.deadline_ - entity.vruntime_;
  if (entity.known_)
    entity.vruntime_ = time_ - (time_ - entity.vruntime_) * entity.weight_ / weight;
  entity.deadline_ = entity.vruntime_ + left * entity.weight_ / weight;
  if (entity.place_ != Entity::Place::kOut)
    all_weights_ += static_cast<int64_t>(weight) - entity.weight_;
  entity.weight_ = weight;
  if (!queued) return;
  insert(entity);
  note_time();
}

void Queue::set_slice(Entity& entity, int64_t slice_ns) {
  CHECK(slice_ns > 0);
  const bool queued = entity.place_ == Entity::Place::kQueued;
  if (queued) erase(entity);
  entity.slice_ns_ = slice_ns;
  // What is left of a longer request is cut off.
  entity.deadline_ =
      std::min(entity.deadline_, entity.vruntime_ + to_virtual(slice_ns, entity.weight_));
  if (!queued) return;
  insert(entity);
  note_time();
}

void Queue::set_allowed(Entity& entity, WorkerMask allowed) {
  if (entity.allowed_ == allowed) return;
  const bool queued = entity.place_ == Entity::Place::kQueued;
  if (queued) erase(entity);
  entity.allowed_ = allowed;
  if (queued) insert(entity);
}

void Queue::set_ahead(Entity& entity, Virtual ahead) {
  CHECK(entity.place_ == Entity::Place::kOut);
  entity.vruntime_ = time_ + ahead;
}

std::vector<Entity*> Queue::queued() const {
  std::vector<Entity*> all;
  Tree::collect(root_, all);
  for (const auto& [when, entity] : apart_) all.push_back(entity);
  return all;
}

int64_t Queue::request_left_ns(const Entity& entity) const {
  return to_ns(entity.deadline_ - entity.vruntime_, entity.weight_);
}

int64_t Queue::lag_ns(const Entity& entity) const {
  CHECK(entity.place_ == Entity::Place::kQueued);
  return to_ns(average() - entity.vruntime_, entity.weight_);
}

bool Queue::preempts(const Entity& woken, const Entity& running, int64_t ran_ns) const {
  const Virtual now = running.vruntime_ + to_virtual(ran_ns, running.weight_);
  return woken.vruntime_ <= std::max(time_, now) && woken.deadline_ < running.deadline_;
}

}  // namespace cloche::sched
